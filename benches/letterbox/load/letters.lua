-- Sends the letter of its first argument, each time from another address behind a proxy and each time another one: it
-- ends with a number in dots and dashes, which no search index takes for a word. The second argument is the first number.

local BITS = 32
local letter, number

function init(args)
  letter, number = args[1], tonumber(args[2])
end

local function in_dots(rest)
  local text = {}
  for place = 1, BITS do
    text[place] = rest % 2 == 0 and "." or "-"
    rest = math.floor(rest / 2)
  end
  return table.concat(text)
end

function request()
  number = number + 1
  local address = string.format("10.%d.%d.%d", number / 62500 % 250, number / 250 % 250, number % 250)
  local headers = { ["X-Forwarded-For"] = address, ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", nil, headers, letter .. in_dots(number))
end

function done(summary)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("measured %d %d %d %d\n", summary.requests, summary.duration, broken, errors.status))
end
