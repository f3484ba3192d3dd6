# shellcheck shell=dash disable=SC2154,SC3023
# Stands in for OpenWrt's: what procd would be told is written to /tmp/procd, one
# file a service with one line for each thing that was set. With /tmp/procd/live
# the instance runs, and at a change procd does what procd does: nothing where
# nothing has changed, the signal where there is one, another process for an
# instance of another name.

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
	[ ! -e "$PROCD/live" ] || procd_apply
}
procd_kill() {
	rm -f "$PROCD/$1"
	echo "kill $1" >>"$PROCD/calls"
	procd_end
}
procd_told() { sed -n "s/^$1 //p" "$PROCD/$service"; }

# The instance, and all by which it is compared.
procd_apply() {
	local name was now file
	name="$(procd_told instance)"
	was="$(cat "$PROCD/running" 2>/dev/null)"
	now="$(grep -v '^trigger' "$PROCD/$service"; for file in $(procd_told 'param file'); do
		md5sum "$file"
	done)"
	if [ "$name" != "$was" ]; then
		procd_end
		[ -z "$name" ] || procd_begin "$name"
	elif [ -n "$name" ] && [ "$now" != "$(cat "$PROCD/known")" ]; then
		kill "-$(procd_told 'param reload_signal')" "$(cat "$PROCD/pid")"
	fi
	echo "$now" >"$PROCD/known"
}
procd_begin() {
	echo "$1" >"$PROCD/running"
	# shellcheck disable=SC2046,SC2091
	$(procd_told 'param command') </dev/null >>/tmp/daemon.log 2>&1 1000>&- &
	echo $! >"$PROCD/pid"
}
procd_end() {
	[ -e "$PROCD/pid" ] || return 0
	kill "$(cat "$PROCD/pid")" 2>/dev/null
	while kill -0 "$(cat "$PROCD/pid")" 2>/dev/null; do sleep 1; done
	rm -f "$PROCD/pid" "$PROCD/running"
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
