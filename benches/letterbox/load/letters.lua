-- Sends the letter of its first argument, from many addresses behind a proxy and each time another one: it ends with a
-- number in dots and dashes, which no search index takes for a word. The second argument is the first number.
-- Requests are put together of few pieces, so that the load takes little of the machine.

local BYTES = 4
local head, letter, number
local dots, addresses = {}, {}

local function in_dots(byte)
  local text = ""
  for _ = 1, 8 do
    text = (byte % 2 == 0 and "." or "-") .. text
    byte = math.floor(byte / 2)
  end
  return text
end

for byte = 0, 255 do
  dots[byte], addresses[byte] = in_dots(byte), string.format("%03d", 100 + byte % 150)
end

function init(args)
  letter, number = args[1], tonumber(args[2])
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " .. #letter + 8 * BYTES
    .. "\r\nX-Forwarded-For: 10."
end

function request()
  number = number + 1
  local low, second = number % 256, math.floor(number / 256) % 256
  local third, high = math.floor(number / 65536) % 256, math.floor(number / 16777216) % 256
  return head .. addresses[third] .. "." .. addresses[second] .. "." .. addresses[low] .. "\r\n\r\n" .. letter
    .. dots[high] .. dots[third] .. dots[second] .. dots[low]
end

function done(summary)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("measured %d %d %d %d\n", summary.requests, summary.duration, broken, errors.status))
end
