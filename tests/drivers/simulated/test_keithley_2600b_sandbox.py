"""Scripts cannot leave the emulated instrument, and cannot hang it or its host."""

import time

import pytest

ESCAPES = [
    "os.execute('true')",
    "os.getenv('HOME')",
    "io.open('/etc/hostname')",
    "require('socket')",
    "dofile('/etc/hostname')",
    "loadfile('/etc/hostname')()",
    "package.loadlib('x', 'y')",
    "debug.getregistry()",
    "python.eval('1')",
    "python.builtins.open('/etc/hostname')",
    "coroutine.create(print)",
    "getfenv(print).x = 1",
    "setfenv(print, {})",
    "newproxy(true).x = 1",
    "string.dump(print)",
    "getmetatable(smua).__index = 1",
    "setmetatable(smua, {})",
    "print.__globals__.x = 1",
    "smua.abort.__class__.x = 1",
]


@pytest.mark.parametrize("attempt", ESCAPES)
def test_escape_is_a_run_time_error(console, attempt):
    console.send(attempt)
    assert [code for code, _ in console.errors()] == [-286]


@pytest.mark.parametrize("attempt", ["loadstring('\\27Lua')", "loadstring(nil)"])
def test_byte_code_is_not_loaded(console, attempt):
    assert console.ask(f"print({attempt})").startswith("nil")


def test_only_lua_values_are_visible(console):
    """No member of any table is a host object: those show as userdata."""
    console.run("""
        for _, v in pairs({smua, smua.abort, smua.measure.v, smua.nvbuffer1,
                smua.nvbuffer1.readings, trigger.timer[1], print, delay, display.waitkey}) do
            print(type(v))
        end
    """)
    assert set(console.lines()) == {"table", "function"}


@pytest.mark.parametrize(
    "loop",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "repeat until false",
        "function f() return f() end f()",
    ],
)
def test_endless_loop_is_stopped(console, loop):
    started = time.monotonic()
    console.send(loop)
    assert time.monotonic() - started < 20
    assert [code for code, _ in console.errors()] == [-286]
    assert console.ask("print('alive')") == "alive"


@pytest.mark.parametrize(
    "hunger",
    [
        "t = {} for k = 1, 1e9 do t[k] = k end",
        "s = 'x' while true do s = s .. s end",
        "function f() f() return 1 end f()",
    ],
)
def test_memory_is_bounded(console, hunger):
    console.send(hunger)
    assert [code for code, _ in console.errors()] == [-286]
    console.send("t, s = nil, nil collectgarbage()")
    assert console.ask("print('alive')") == "alive"


def test_malicious_tables_do_not_reach_the_host(console):
    """Metamethods of a script's own tables are not run by the instrument's functions."""
    console.run("""
        local trap = setmetatable({}, {__index = function() while true do end end,
            __len = function() return 5 end, __tostring = function() error({}) end})
        smua.trigger.source.listi(trap)
        print(trap)
    """)
    assert [code for code, _ in console.errors()] == [-104, -286]


def test_polling_loop_sees_time_pass(console):
    console.send("timer.reset() while timer.measure.t() < 0.2 do end print('over')")
    assert console.lines() == ["over"]
    assert console.bench.clock.now >= 0.2


def test_many_messages_leave_the_state_sound(console):
    """Objects made by scripts are dropped again without harm."""
    for _ in range(3000):
        console.send("b = smua.makebuffer(3) s = script.new('a = 1', 'q') s()")
        console.send("trigger.timer[1].delaylist = {1e-3, 2e-3} d = trigger.timer[1].delaylist")
    assert console.number("d[2]") == pytest.approx(2e-3)
    assert console.errors() == []
