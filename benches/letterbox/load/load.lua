-- Asks the same thing over and over; with the argument "post" it sends a letter.

local letter = "name=Ada+Lovelace&email=ada%40example.com&subject=Engines&message=Could+you+please+tell+me+when+the+"
  .. "workshop+opens+again%3F+I+read+your+article+about+garden+chairs+and+have+a+question."

function init(args)
  if args[1] == "post" then
    wrk.method = "POST"
    wrk.body = letter
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("measured %d %d %d %d\n", summary.requests, summary.duration, broken, errors.status))
end
