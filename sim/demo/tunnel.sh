# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# The tunnel of the second act: a pair of devices into the provider's namespace,
# whose far end answers echoes. The router's netifd is the simulator; what that
# does to bring the network up and down is in sim/demo/netifd.

tunnel=vpnki0
tunnel_name=user356
near=172.16.1.2
far=172.16.0.1
beyond=172.16.0.0/16
vpnki_key=demo-key-of-the-account
# Both ends have the same address, so that nobody has to ask for it.
as_ppp='address 02:00:00:00:00:01 arp off multicast off addrgenmode none up'

# lay_tunnel: as on a PPP link, nothing goes over it that nobody has sent.
lay_tunnel() {
    ip link add "$tunnel" type veth peer name far0 netns isp
    # shellcheck disable=SC2086 # one word each
    ip link set "$tunnel" $as_ppp
    # shellcheck disable=SC2086
    $in_isp ip link set far0 $as_ppp
    # What is sent to a far end that is dead must not come back another way.
    $in_isp ip route add blackhole "$beyond"
    far_end_answers
    tunnel_comes_up
}

# tunnel_comes_up, tunnel_goes_down: what netifd does on the router.
tunnel_comes_up() {
    ip link set "$tunnel" up
    ip address replace "$near/32" dev "$tunnel"
    ip route replace "$beyond" dev "$tunnel"
}
tunnel_goes_down() {
    ip link set "$tunnel" down
    ip address flush dev "$tunnel"
}

# far_end_answers, far_end_stalls: it forgets a session, until another begins.
# The device's routes go with its last address.
far_end_answers() {
    $in_isp ip address replace "$far/32" dev far0
    $in_isp ip route replace "$near" dev far0
}
far_end_stalls() { $in_isp ip address del "$far/32" dev far0; }
