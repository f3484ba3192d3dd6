# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# The router: its configuration, its hotplug events, its reboots, and what
# wansync says on it.

ident=user1
right_key=demo-key-of-the-provider
wrong_key=demo-key-of-somebody-else

# configure NAME VALUE…: the section `home`, with these options.
configure() {
    {
        printf "config wansync 'main'\n\toption ca_file '%s'\n\n" "$work/ca.pem"
        printf "config skydns 'home'\n"
        printf "\toption %s '%s'\n" base_url "$base_url" ident "$ident" \
            key_file "$work/skydns.key" test_name "$blocked_name" "$@"
        printf "\tlist resolver '%s'\n" "$resolver"
    } >"$work/wansync"
}

# watch_tunnel: adds the account and the tunnel to it. Looks are as near to each
# other as may be, so that the demo is short.
watch_tunnel() {
    {
        printf "\nconfig vpnki 'account'\n"
        printf "\toption %s '%s'\n" base_url "$(ready SIM_VPNKI_URL)" key "$vpnki_key"
        printf "\nconfig tunnel 'dacha'\n"
        printf "\toption %s '%s'\n" vpnki account name "$tunnel_name" network "$tunnel" \
            ping "$far" route "$beyond" on_down restart interval 5s
    } >>"$work/wansync"
}

# set_key KEY: readable by its owner alone, as it should be.
set_key() { (umask 077 && printf '%s\n' "$1" >"$work/skydns.key"); }

# wansync ARGUMENT…: the log is kept for the end of a story that fails. Nothing
# that it does takes half a minute.
wansync() {
    timeout --foreground 30 "$agent" -c "$work/wansync" --state "$work/run" --record "$work/etc" \
        --ubus "$work/ubus.sock" "$@" 2>>"$work/log" </dev/null
}

# hotplug ACTION [NETWORK]: the event as netifd's scripts get it, of `wan` unless
# another is named. Sets `event` to when.
hotplug() {
    read_clock
    event=$clock
    line router "hotplug: $1 of ${2-wan}"
    code=0
    (
        export ACTION="$1" INTERFACE="${2-wan}" DEVICE="$device"
        [ "$1" != ifupdate ] || export IFUPDATE_ADDRESSES=1
        wansync event
    ) || code=$?
    expect "the exit code of 'wansync event'" 0 "$code"
}

# once [ARGUMENT…]: a pass. Sets `outcome` and `code`.
once() {
    code=0
    said=$(wansync once "$@") || code=$?
    said=${said#home: }
    outcome=${said%%:*}
}

# reboot: what lay in memory is gone.
reboot() { rm -rf "$work/run"; }

# status FILTER: of section `home`, through jq; nothing if there is none.
status() { wansync status --format json | jq -r ".skydns[0] | $1" 2>/dev/null || true; }

# tunnel_status FILTER: of section `dacha`, likewise.
tunnel_status() { wansync status --format json | jq -r ".tunnels[0] | $1" 2>/dev/null || true; }

# start_daemon: it ends with the story at the latest. Sets `daemon`.
start_daemon() {
    setpriv --pdeathsig TERM -- "$agent" -c "$work/wansync" --state "$work/run" \
        --record "$work/etc" --ubus "$work/ubus.sock" daemon >"$work/daemon" 2>&1 </dev/null &
    daemon=$!
    children="$children $daemon"
    told=0
    line router 'starts wansync daemon'
}

# tell: what the daemon logged since it was last told.
tell() {
    lines=$(wc -l <"$work/daemon")
    [ "$lines" -gt "$told" ] || return 0
    sed -n "$((told + 1)),${lines}p" "$work/daemon" >"$work/news"
    told=$lines
    while IFS= read -r news; do line wansync "${news#wansync: }"; done <"$work/news"
}

# await_log TEXT HUNDREDTHS: until the daemon has logged TEXT after what it was
# last told of, no longer than that. Tells what it logs meanwhile. Sets `took` to
# how long that was.
await_log() {
    read_clock
    since=$clock
    first=$((told + 1))
    found=no
    while :; do
        ! tail -n "+$first" "$work/daemon" | grep -qF -- "$1" || found=yes
        tell
        read_clock
        took=$((clock - since))
        if [ "$found" = yes ] || [ "$took" -ge "$2" ]; then
            break
        fi
        sleep 0.2
    done
    expect "'$1' in the log within $(seconds "$2") s" yes "$found"
}

# restarts: how often netifd was told to take the tunnel's network up.
restarts() { "$simulator" ubus --tell "$work/netifd.sock" called up "$tunnel"; }

# await OUTCOME ADDRESS: until wansync says that a pass ended so, and that
# ADDRESS is confirmed. Sets `took` to the hundredths of a second since the event.
await() {
    while found=$(status '"\(.outcome) \(.confirmed)"'); do
        read_clock
        took=$((clock - event))
        if [ "$found" = "$1 $2" ] || [ "$took" -ge "$patience" ]; then
            break
        fi
        sleep 0.05
    done
    line wansync "$(status '"\(.outcome): \(.reason)"')"
    expect 'outcome and confirmed address' "$1 $2" "$found"
}

# agents: the processes that wansync left in the background.
agents() {
    # shellcheck disable=SC2062 # the pattern comes from standard input
    printf '%s' "$work/run" | grep -lF -f - /proc/[0-9]*/cmdline 2>/dev/null |
        sed 's|/proc/\([0-9]*\)/.*|\1|'
}
