-- Guesses at passwords, from ever new addresses behind a proxy and for ever new accounts, so that counting by neither
-- helps: each guess costs a whole bcrypt, though there is no such account.

local turn = 0

function request()
  turn = turn + 1
  local address = string.format("10.%d.%d.%d", turn / 62500 % 250, turn / 250 % 250, turn % 250)
  local headers = { ["X-Forwarded-For"] = address, ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", "/login", headers, "email=nobody" .. turn .. "%40example.com&password=a+wrong+guess")
end

