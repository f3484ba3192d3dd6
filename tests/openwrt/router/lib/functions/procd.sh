# shellcheck shell=dash disable=SC2154,SC3023
# Stands in for OpenWrt's: what procd would be told is written to /tmp/procd, one
# file a service with one line for each thing that was set.

PROCD=/tmp/procd
mkdir -p "$PROCD" /var/lock

# As long as the script runs, and whoever inherits the descriptor.
exec 1000>"/var/lock/procd_$service.lock"
flock 1000

procd_open_service() { : >"$PROCD/$1.new"; }
procd_close_service() {
	service_triggers
	mv "$PROCD/$service.new" "$PROCD/$service"
	echo "set $service" >>"$PROCD/calls"
}
procd_kill() {
	rm -f "$PROCD/$1"
	echo "kill $1" >>"$PROCD/calls"
}
procd_running() { grep -q ^instance "$PROCD/$1" 2>/dev/null; }
procd_note() { echo "$*" >>"$PROCD/$service.new"; }
procd_open_instance() { procd_note instance "$@"; }
procd_close_instance() { :; }
procd_set_param() { procd_note param "$@"; }
procd_append_param() { procd_note param "$@"; }
procd_add_jail() { procd_note jail "$@"; }
procd_add_jail_mount() { procd_note mount "$@"; }
procd_add_jail_mount_rw() { procd_note mount_rw "$@"; }
procd_add_reload_trigger() { procd_note trigger config "$@"; }
procd_add_interface_trigger() { procd_note trigger "$@"; }
