# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# The household: whom its dnsmasq asks, by the router's files.

blocked_name=casino.example

# As OpenWrt is shipped: whatever resolver netifd was given.
dnsmasq_asks_the_provider() {
    printf '# Interface wan\nnameserver 9.9.9.53\n' >"$work/resolv.conf.auto"
    printf "config dnsmasq\n\toption resolvfile '%s'\n" "$work/resolv.conf.auto" >"$work/dhcp"
    line router '/etc/config/dhcp is as OpenWrt is shipped'
}

# As after the commands that `check` gives.
dnsmasq_asks_skydns() {
    printf "\toption noresolv '1'\n\tlist server '%s'\n" "$resolver" >>"$work/dhcp"
    line owner "uci set dhcp.@dnsmasq[0].noresolv='1'"
    line owner "uci add_list dhcp.@dnsmasq[0].server='$resolver'"
}

# verdict: of the status.
verdict() { wansync status --format json | jq -r .filtering.verdict; }
