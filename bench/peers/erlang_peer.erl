%% Erlang/OTP with two schedulers (+S 2:2). Mailboxes have no bound, so the bound of 100 is credit, granted in messages:
%%
%%   pipeline        window of 100, one grant per item, to eight consumers in turn
%%   pipeline_batch  six items per grant;   pipeline_unb  no window at all
%%   chain           window of 100 per hop, 50 items per grant;   chain_unb  no window
%%   fanin           window of 12 per producer, six items per grant;   fanin_unb  no window
%%   pingpong        a call with a fresh reference, as gen_server:call has it, without the monitor
%%   ask             gen_server:call
%%   ring spawn idle
%%   restart         a supervisor (one_for_one) whose child exits on each message
%%   restart_raw     the same by spawn_link and trap_exit
%%   taskgroup       a supervisor (one_for_all, intensity 0) of 1,000 children, one of which exits
%%   taskgroup_link  the same by plain links
-module(erlang_peer).
-export([main/0, init/1, handle_call/3, handle_cast/2, start_crasher/0, start_idler/0]).
-behaviour(supervisor).

-define(BOUND, 100).
-define(NO_ACKS, 1000000000).   % a batch that no run fills
-define(CONSUMERS, 8).
-define(PRODUCERS, 8).
-define(STAGES, 10).
-define(RING, 1000).
-define(ROUNDS, 21).            % of taskgroup; its figure is their median

main() ->
    {Name, N} = arguments(init:get_plain_arguments()),
    logger:set_primary_config(level, none),     % no reports of the crashes that we ask for
    Workload = maps:get(Name, workloads(), none),
    Workload =:= none andalso fail(2, "no workload ~s", [Name]),
    Began = now_ns(),
    Result = Workload(N),
    Ended = now_ns(),
    {Got, Took, Figure} = case Result of
        {Got0, Took0, Figure0} -> {Got0, Took0, Figure0};
        Got0 -> {Got0, Ended - Began, ""}
    end,
    Got =:= all_of(N) orelse fail(1, "WRONG RESULT ~p", [Got]),
    Seconds = Took / 1.0e9,
    io:format("erlang ~s ~p ~.6f ~p ~p ~s~n", [Name, N, Seconds, round(N / Seconds), status_kb("VmHWM"), Figure]),
    halt(0).

%% fanin's N becomes a multiple of eight, so that its producers have equal parts.
arguments([Name, Number]) ->
    N0 = try list_to_integer(Number) catch error:badarg -> 0 end,
    N = case Name of "fanin" ++ _ -> N0 div ?PRODUCERS * ?PRODUCERS; _ -> N0 end,
    N < 1 andalso fail(2, "N is a number from 1 on (fanin: 8)", []),
    {Name, N};
arguments(_) ->
    fail(2, "arguments: WORKLOAD N", []).

workloads() -> #{
    "pipeline" => fun(N) -> pipeline(N, ?BOUND, 1) end,
    "pipeline_batch" => fun(N) -> pipeline(N, ?BOUND, 6) end,
    "pipeline_unb" => fun(N) -> pipeline(N, infinity, ?NO_ACKS) end,
    "chain" => fun(N) -> chain(N, ?BOUND, ?BOUND div 2) end,
    "chain_unb" => fun(N) -> chain(N, infinity, ?NO_ACKS) end,
    "fanin" => fun(N) -> fanin(N, ?BOUND div ?PRODUCERS, 6) end,
    "fanin_unb" => fun(N) -> fanin(N, infinity, ?NO_ACKS) end,
    "pingpong" => fun pingpong/1,
    "ask" => fun ask/1,
    "ring" => fun ring/1,
    "spawn" => fun spawn_each/1,
    "idle" => fun idle/1,
    "restart" => fun restart/1,
    "restart_raw" => fun restart_raw/1,
    "taskgroup" => fun(N) -> taskgroup(N, fun supervised_group/1) end,
    "taskgroup_link" => fun(N) -> taskgroup(N, fun linked_group/1) end}.

fail(Code, Format, Values) ->
    io:format(standard_error, Format ++ "~n", Values),
    halt(Code).

now_ns() -> erlang:monotonic_time(nanosecond).

%% What the items 0 .. N-1 are: how many, and their sum.
all_of(N) -> {N, N * (N - 1) div 2}.

status_kb(Key) ->
    {ok, Text} = file:read_file("/proc/self/status"),
    [Kb] = [lists:nth(2, string:tokens(Line, " \t")) || Line <- string:split(binary_to_list(Text), "\n", all),
                                                        lists:prefix(Key, Line)],
    list_to_integer(Kb).

%% ---- pipeline ----

pipeline(N, Window, Batch) ->
    Main = self(),
    spawn_link(fun() ->
        Producer = self(),
        Consumers = [spawn_link(fun() -> consume(Producer, Main, Batch, 0, 0, 0) end) || _ <- lists:seq(1, ?CONSUMERS)],
        produce(0, N, Consumers, [], Window),
        [Consumer ! stop || Consumer <- Consumers]
    end),
    collect(?CONSUMERS, 0, 0).

%% Sends I .. N-1 to the processes in turn (those that had theirs this time are in Used), as far as the window reaches.
produce(N, N, _, _, _) -> ok;
produce(I, N, [], Used, Window) -> produce(I, N, lists:reverse(Used), [], Window);
produce(I, N, To, Used, 0) -> receive {credit, More} -> produce(I, N, To, Used, More) end;
produce(I, N, [To | Rest], Used, infinity) -> To ! I, produce(I + 1, N, Rest, [To | Used], infinity);
produce(I, N, [To | Rest], Used, Window) -> To ! I, produce(I + 1, N, Rest, [To | Used], Window - 1).

%% Adds items up, granting Batch new ones at a time to From.
consume(From, Main, Batch, Owed, Count, Sum) ->
    receive
        stop -> Main ! {result, Count, Sum};
        Item when Owed + 1 =:= Batch -> From ! {credit, Batch}, consume(From, Main, Batch, 0, Count + 1, Sum + Item);
        Item -> consume(From, Main, Batch, Owed + 1, Count + 1, Sum + Item)
    end.

collect(0, Count, Sum) -> {Count, Sum};
collect(Left, Count, Sum) -> receive {result, C, S} -> collect(Left - 1, Count + C, Sum + S) end.

%% ---- chain: built from the sink backwards, each process told of the one before it ----

chain(N, Window, Batch) ->
    Main = self(),
    Sink = spawn_link(fun() -> receive {from, From} -> consume(From, Main, Batch, 0, 0, 0) end end),
    First = lists:foldl(
        fun(_, Next) -> spawn_link(fun() ->
            Next ! {from, self()},
            receive {from, From} -> stage(From, Next, Window, Batch, 0) end
        end) end,
        Sink, lists:seq(1, ?STAGES)),
    spawn_link(fun() ->
        First ! {from, self()},
        produce(0, N, [First], [], Window),
        First ! stop
    end),
    collect(1, 0, 0).

%% Without credit only credit is received: items wait in the mailbox, no more than the window upstream.
stage(From, Next, 0, Batch, Owed) ->
    receive {credit, More} -> stage(From, Next, More, Batch, Owed) end;
stage(From, Next, Window, Batch, Owed) ->
    receive
        {credit, More} -> stage(From, Next, Window + More, Batch, Owed);
        stop -> Next ! stop;
        Item ->
            Next ! Item,
            Left = if Window =:= infinity -> infinity; true -> Window - 1 end,
            if
                Owed + 1 =:= Batch -> From ! {credit, Batch}, stage(From, Next, Left, Batch, 0);
                true -> stage(From, Next, Left, Batch, Owed + 1)
            end
    end.

%% ---- fanin ----

fanin(N, Window, Batch) ->
    Main = self(),
    Part = N div ?PRODUCERS,
    Sink = spawn_link(fun() -> fanin_consume(Main, Batch, N, #{}, 0, 0) end),
    [spawn_link(fun() -> fanin_produce(K * Part, (K + 1) * Part, Sink, Window) end) || K <- lists:seq(0, ?PRODUCERS - 1)],
    collect(1, 0, 0).

fanin_produce(End, End, _, _) -> ok;
fanin_produce(I, End, Sink, 0) -> receive {credit, More} -> fanin_produce(I, End, Sink, More) end;
fanin_produce(I, End, Sink, infinity) -> Sink ! {self(), I}, fanin_produce(I + 1, End, Sink, infinity);
fanin_produce(I, End, Sink, Window) -> Sink ! {self(), I}, fanin_produce(I + 1, End, Sink, Window - 1).

fanin_consume(Main, _, N, _, N, Sum) -> Main ! {result, N, Sum};
fanin_consume(Main, Batch, N, Owed, Count, Sum) ->
    receive
        {From, Item} ->
            case maps:get(From, Owed, 0) + 1 of
                Batch -> From ! {credit, Batch}, fanin_consume(Main, Batch, N, Owed#{From => 0}, Count + 1, Sum + Item);
                More -> fanin_consume(Main, Batch, N, Owed#{From => More}, Count + 1, Sum + Item)
            end
    end.

%% ---- pingpong, ask, ring ----

pingpong(N) -> ping(spawn_link(fun pong/0), N, 0, 0).

ping(_, N, N, Sum) -> {N, Sum};
ping(Pong, N, I, Sum) ->
    Call = make_ref(),
    Pong ! {call, self(), Call, I},
    receive {Call, Item} -> ping(Pong, N, I + 1, Sum + Item) end.

pong() -> receive {call, From, Call, Item} -> From ! {Call, Item}, pong() end.

%% gen_server:call with a timeout: a monitor, a timer and a reference for each.
ask(N) ->
    {ok, Server} = gen_server:start_link(?MODULE, asked, []),
    asked(Server, N, 0, 0).

asked(_, N, N, Sum) -> {N, Sum};
asked(Server, N, I, Sum) -> asked(Server, N, I + 1, Sum + gen_server:call(Server, I, 1000)).

handle_call(Item, _, State) -> {reply, Item, State}.
handle_cast(_, State) -> {noreply, State}.

ring(N) ->
    Main = self(),
    First = spawn_link(fun() -> receive {next, Next} -> ring_node(0, Next, Main) end end),
    Second = lists:foldl(fun(Place, Next) -> spawn_link(fun() -> ring_node(Place, Next, Main) end) end,
                         First, lists:seq(?RING - 1, 1, -1)),
    First ! {next, Second},
    Began = now_ns(),
    First ! N,
    Place = receive {ended, At} -> At end,
    Took = now_ns() - Began,
    Place =:= N rem ?RING orelse fail(1, "WRONG RESULT: the token ended at another process", []),
    {all_of(N), Took, ""}.      % the token counted its hops itself

ring_node(Place, Next, Main) ->
    receive
        0 -> Main ! {ended, Place};
        Token -> Next ! Token - 1, ring_node(Place, Next, Main)
    end.

%% ---- spawn, idle: the processes count in atomics ----

spawn_each(N) ->
    Got = atomics:new(2, []),
    spawn_rest(0, N, Got),
    until_counted(N, Got).

spawn_rest(N, N, _) -> ok;
spawn_rest(I, N, Got) ->
    Child = spawn(fun() -> receive Item -> count(Item, Got) end end),
    Child ! I,
    spawn_rest(I + 1, N, Got).

count(Item, Got) -> atomics:add(Got, 2, Item), atomics:add(Got, 1, 1).

until_counted(N, Got) ->
    case atomics:get(Got, 1) of
        N -> {N, atomics:get(Got, 2)};
        _ -> erlang:yield(), until_counted(N, Got)
    end.

idle(N) ->
    Got = atomics:new(2, []),
    Before = status_kb("VmRSS"),
    Began = now_ns(),
    Children = [spawn(fun() -> receive Item -> count(Item, Got) end end) || _ <- lists:seq(1, N)],
    Took = now_ns() - Began,
    timer:sleep(200),           % until all of them wait
    Figure = io_lib:format("bytes_per=~p", [(status_kb("VmRSS") - Before) * 1024 div N]),
    lists:foldl(fun(Child, I) -> Child ! I, I + 1 end, 0, Children),
    {until_counted(N, Got), Took, Figure}.

%% ---- restart: each child tells the tester that it is up, takes one item, counts it, and exits ----

restart(N) ->
    Got = begin_restarts(),
    {ok, _} = supervisor:start_link(?MODULE, restart),
    crash_each(0, N),
    until_counted(N, Got).

restart_raw(N) ->
    Got = begin_restarts(),
    spawn_link(fun() -> process_flag(trap_exit, true), raw_supervisor() end),
    crash_each(0, N),
    until_counted(N, Got).

begin_restarts() ->
    Got = atomics:new(2, []),
    register(tester, self()),
    persistent_term:put(got, Got),
    Got.

%% Ends when the child after the last crash is up.
crash_each(I, N) ->
    receive
        {up, _} when I =:= N -> ok;
        {up, Child} -> Child ! I, crash_each(I + 1, N)
    end.

start_crasher() -> {ok, spawn_link(fun crasher/0)}.

crasher() ->
    tester ! {up, self()},
    receive Item -> count(Item, persistent_term:get(got)), exit(crash) end.

raw_supervisor() ->
    Child = spawn_link(fun crasher/0),
    receive {'EXIT', Child, _} -> raw_supervisor() end.

%% ---- taskgroup: from the message that makes one child exit until the last one is down ----

taskgroup(N, Start) ->
    process_flag(trap_exit, true),
    Rounds = lists:sort([taskgroup_round(N, Start) || _ <- lists:seq(1, ?ROUNDS)]),
    Median = lists:nth(?ROUNDS div 2 + 1, Rounds),
    {all_of(N), Median, io_lib:format("us=~p", [Median div 1000])}.

taskgroup_round(N, Start) ->
    Children = Start(N),
    Monitors = [monitor(process, Child) || Child <- Children],
    N = length(Monitors),
    timer:sleep(2),             % until all is quiet
    Began = now_ns(),
    lists:nth(N div 2 + 1, Children) ! crash,
    [receive {'DOWN', Monitor, _, _, _} -> ok end || Monitor <- Monitors],
    now_ns() - Began.

supervised_group(N) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {one_for_all, N}),
    [Child || {_, Child, _, _} <- supervisor:which_children(Supervisor)].

linked_group(N) ->
    Main = self(),
    spawn_link(fun() ->
        Main ! {children, [spawn_link(fun idler/0) || _ <- lists:seq(1, N)]},
        receive never -> ok end
    end),
    receive {children, Children} -> Children end.

start_idler() -> {ok, spawn_link(fun idler/0)}.

idler() -> receive crash -> exit(crash) end.

init(asked) -> {ok, none};      % of the gen_server
init(restart) ->
    {ok, {#{strategy => one_for_one, intensity => 100000000, period => 1},
          [#{id => child, start => {?MODULE, start_crasher, []}, restart => permanent}]}};
init({one_for_all, N}) ->
    {ok, {#{strategy => one_for_all, intensity => 0, period => 1},
          [#{id => I, start => {?MODULE, start_idler, []}, restart => permanent, shutdown => brutal_kill}
           || I <- lists:seq(1, N)]}}.
