"""Lua's side of the script runtime: builds the tables that scripts see, and closes the rest.

It is given functions of `lua.Lua` and returns those that `lua.Lua` calls. Everything here
uses locals only, so nothing that a script does to its globals can change it. What scripts
pass on is reduced to numbers, strings, booleans, lists of those and the subjects of tables.
"""

PRELUDE = r"""
local tick, poll, new_list, extend, foreign, slice, exit_mark = ...
local create, resume, status, yield = coroutine.create, coroutine.resume, coroutine.status,
    coroutine.yield
local sethook, compile, error, select, unpack = debug.sethook, loadstring, error, select, unpack
local setmetatable, rawget, type, tostring, sub = setmetatable, rawget, type, tostring, string.sub
local min = math.min

local subjects = setmetatable({}, {__mode = "k"})
local kept = {}
local running, build

local function plain(value)
  local kind = type(value)
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "nil" then
    return value
  end
  if kind ~= "table" then return foreign end
  local subject = subjects[value]
  if subject ~= nil then return subject end
  local list, n = new_list(), #value
  local copy = {}
  for k = 1, n do
    local item = rawget(value, k)
    local allowed = type(item) == "number" or type(item) == "string" or type(item) == "boolean"
    copy[k] = allowed and item or foreign
  end
  for first = 1, n, 100 do extend(list, unpack(copy, first, min(first + 99, n))) end
  return list
end

local function result(fault, kind, ...)
  if fault then error(fault, 3) end
  if kind == nil then return ... end
  return build(kind, ...)
end

local function wrap(f)
  return function(...)
    local n = select("#", ...)
    if n == 0 then return result(f()) end
    local arguments = {...}
    for k = 1, n do arguments[k] = plain(arguments[k]) end
    return result(f(unpack(arguments, 1, n)))
  end
end

local function blocking(begin)
  local start = wrap(begin)
  local function finish(wait, done, ...)
    if done then return ... end
    yield()
    return finish(wait, poll(wait))
  end
  return function(...)
    local wait = start(...)
    if wait == nil then return end
    return finish(wait, poll(wait))
  end
end

local function load(source)
  if sub(source, 1, 1) == "\27" then return nil, "tsp:1: byte code is not accepted" end
  return compile(source, "=tsp")
end

local function keep(source)
  local chunk, message = load(source)
  if not chunk then return nil, message end
  kept[#kept + 1] = chunk
  return #kept
end

local function compiling(f)
  return function(source, name)
    source = tostring(source)
    return result(f(source, plain(name), keep(source)))
  end
end

local function remember(static, key, fault, kind, ...)
  if fault then error(fault, 3) end
  if kind == nil then return ... end
  local value = build(kind, ...)
  if kind ~= "list" and kind ~= "new" then static[key] = value end
  return value
end

local function proxy(get, put, subject, program)
  local call = kept[program]
  local static = {run = call}
  local p = setmetatable({}, {
    __index = function(_, key)
      local value = static[key]
      if value ~= nil then return value end
      return remember(static, key, get(plain(key)))
    end,
    __newindex = function(_, key, value)
      local fault = put(plain(key), plain(value))
      if fault then error(fault, 2) end
    end,
    __call = call and function(_, ...) return call(...) end,
    __metatable = false,
  })
  subjects[p] = subject
  return p
end

local function printer(write)
  return function(...)
    local values = {...}
    local n = select("#", ...)
    for k = 1, n do
      if type(values[k]) ~= "number" then values[k] = tostring(values[k]) end
    end
    return result(write(unpack(values, 1, n)))
  end
end

local builders = {
  ["function"] = wrap,
  blocking = blocking,
  compiling = compiling,
  printer = printer,
  table = proxy,
  new = proxy,
  list = function(...) return {...} end,
  constant = function(value) return value end,
}

function build(kind, ...) return builders[kind](...) end

local function stop() error("script stopped: it does not come to an end", 0) end

local function guard()
  if tick() then
    sethook(running, stop, "", 1)
    stop()
  end
end

local function forget_hook()
  -- Lua keeps the hook of every coroutine, also of a dead one, until it is taken away.
  if running then sethook(running) end
end

local function step()
  local ok, message = resume(running)
  if not ok or status(running) == "dead" then forget_hook() end
  if not ok then return "failed", type(message) == "string" and message or "(no message)" end
  return status(running) == "dead" and "done" or "waiting", ""
end

local function start(chunk)
  forget_hook()
  running = create(chunk)
  sethook(running, guard, "", slice)
  return step()
end

local function run(source)
  local chunk, message = load(source)
  if not chunk then return "refused", message end
  return start(chunk)
end

local function run_kept(program) return start(kept[program]) end

local G = _G
local function define(name, kind, ...) G[name] = build(kind, ...) end

local allowed = {}
for name in ([[assert collectgarbage error gcinfo getmetatable ipairs math next pairs pcall
    rawequal rawget rawset select setmetatable string table tonumber tostring type unpack xpcall
    _G _VERSION]]):gmatch("%S+") do allowed[name] = true end
for name in pairs(_G) do if not allowed[name] then _G[name] = nil end end
string.dump = nil

function loadstring(source) return load(tostring(source)) end
function G.run() return G.script.anonymous() end
function exit() error(exit_mark, 0) end
function makegetter(object, name) return function() return object[name] end end
function makesetter(object, name) return function(value) object[name] = value end end

return define, keep, run, run_kept, step
"""
