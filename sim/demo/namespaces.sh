# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# A router and the Internet behind it, made of network namespaces.
#
# The story runs in the router's namespace. The Internet has another, named
# `isp` below a /run that nobody else sees. Both are gone when the last process
# in them ends, however it ends.

device=eth1
service=9.9.9.10
resolver=193.58.251.251
service_name=www.skydns.ru
in_isp='nsenter --net=/run/netns/isp'

# find_rights PROGRAM…: sets `rights` to what unshare needs beside --mount and
# --net; false if this user or this kernel allows no such router, or the
# programs could not be reached in it.
find_rights() {
    for rights in '' --map-root-user; do
        # shellcheck disable=SC2016 # for the inner shell
        if unshare --mount --net ${rights:+"$rights"} -- \
            sh -euc '. "$1"; shift; make_network; for program; do [ -x "$program" ]; done' \
            sh "$here/namespaces.sh" "$@" >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

# make_network: the second namespace, and a cable from the router into it.
# Everything happens in a fresh mount and network namespace.
make_network() {
    mount -t tmpfs tmpfs /run
    ip netns add isp
    ip link add "$device" type veth peer name customer netns isp
    ip link set lo up
    $in_isp ip link set lo up
    $in_isp ip address add "$service/32" dev customer
    $in_isp ip address add "$resolver/32" dev customer
    $in_isp ip link set customer up
    $in_isp ip route add default dev customer
}

# The functions that a world has for the story.

make_world() {
    make_network
    work=$(mktemp -d /run/wansync-demo.XXXXXX)
    resolve_service
    # The host's log is not for the news of a made-up router.
    [ ! -e /dev/log ] || mount --bind /dev/null /dev/log
}

# The router finds the service by its name, as DNS would tell it.
resolve_service() {
    printf '127.0.0.1 localhost\n%s %s\n' "$service" "$service_name" >"$work/hosts"
    mount --bind "$work/hosts" /etc/hosts
}

describe_world() {
    if [ "$(cat /proc/self/uid_map)" != "$(cat /proc/1/uid_map 2>/dev/null)" ]; then
        printf 'a router made of network namespaces, in a user namespace'
    else
        printf 'a router made of network namespaces'
    fi
}

start_services() {
    # shellcheck disable=SC2086 # a command and its argument
    launch $in_isp "$simulator" serve --quiet --listen "$service" --http-port 80 \
        --https-port 443 --name "$service_name" --key-file "$work/skydns.key" \
        --vpnki-key "$vpnki_key" --ca-out "$work/ca.pem" --ready-file "$work/ready"
    launch "$simulator" ubus --socket "$work/ubus.sock" --network "wan=$device" \
        --network "$tunnel=$tunnel/l2tp" --control "$work/netifd.sock" --hook "$here/netifd"
    # shellcheck disable=SC2086 # a command and its argument
    launch $in_isp "$simulator" resolver "$resolver:53" --block "$blocked_name"
    await_file "$work/ready"
    await_file "$work/ubus.sock"
    base_url=https://$service_name/provider_api/
    configure 'source' 'network' 'network' 'wan'
}

# wan_has ADDRESS
wan_has() {
    ip address flush dev "$device"
    ip address add "$1/32" dev "$device"
    ip link set "$device" up
    ip route replace default dev "$device"
    line router "$device has $1"
}

# SkyDNS's resolver can be asked: it has its own address in a network that is made up.
has_resolver() { true; }

# The router has networks: there is a netifd, and a place for a tunnel.
has_networks() { true; }

modem_network=wan_4
dead_address=2001:db8::10

# modem_has ADDRESS: netifd as it stands behind an LTE modem. `wan` is up without an
# address, and its address on a network that netifd made. The service has an IPv6
# address too, which is tried first and never answers.
modem_has() {
    ip address flush dev "$device"
    ip address add "$1/32" dev "$device"
    ip route replace default dev "$device"
    ip address add 2001:db8::2/64 dev "$device" nodad
    ip route replace default via fe80::1 dev "$device"
    ip neighbor replace fe80::1 lladdr 02:00:00:00:00:01 dev "$device"
    printf '%s %s\n' "$dead_address" "$service_name" >>"$work/hosts"
    tell_netifd set wan "$(network_status false '')"
    tell_netifd set "$modem_network" \
        "$(network_status true "{\"address\":\"$1\",\"mask\":32}")"
    line router "$modem_network has $1, wan has no address; IPv6 leads nowhere"
}

# network_status DYNAMIC ADDRESS: what netifd says of a network that is up.
network_status() {
    printf '{"up":true,"available":true,"autostart":true,"dynamic":%s,"proto":"%s","l3_device":"%s","ipv4-address":[%s]}' \
        "$1" "$(if "$1"; then echo static; else echo qmi; fi)" "$device" "$2"
}

modem_is_gone() {
    tell_netifd remove "$modem_network"
    tell_netifd follow wan "$device"
    ip -6 address flush dev "$device"
    # In place: /etc/hosts is this file, not this name.
    names=$(grep -v "^$dead_address " "$work/hosts")
    printf '%s\n' "$names" >"$work/hosts"
}

tell_netifd() { "$simulator" ubus --tell "$work/netifd.sock" "$@" >/dev/null; }

# ask_service URL: from beside the service, so that no fault of the WAN counts.
ask_service() { $in_isp curl -sSf --noproxy '*' --max-time 5 "$1"; }
