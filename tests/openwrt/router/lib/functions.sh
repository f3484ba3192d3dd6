# shellcheck shell=dash disable=SC1090,SC2013,SC2154
# Stands in for OpenWrt's, as far as the scripts of packages call it: with opkg's
# name of the script, or with apk's `pkgname`.

INFO=/usr/lib/opkg/info
WANSYNCS_NUMBER=477

# `user=uid:group=gid` items, of which the router chooses the numbers.
add_users() {
	local item user group
	for item; do
		user="${item%%=*}"
		group="${item#*:}"
		group="${group%%=*}"
		grep -q "^$group:" /etc/group || echo "$group:x:$WANSYNCS_NUMBER:" >>/etc/group
		grep -q "^$user:" /etc/passwd ||
			echo "$user:x:$WANSYNCS_NUMBER:$WANSYNCS_NUMBER:$user:/var/run/$user:/bin/false" >>/etc/passwd
	done
}

add_group_and_user() {
	# shellcheck disable=SC2046
	add_users $(cat "/lib/apk/packages/$pkgname.rusers")
}

# Where the manager keeps what it knows of the package.
find_package() {
	list="/lib/apk/packages/$pkgname.list"
	[ $# = 0 ] || {
		pkgname="${1##*/}"
		pkgname="${pkgname%.*}"
		list="$INFO/$pkgname.list"
	}
}

default_postinst() {
	local list script
	find_package "$@"
	# shellcheck disable=SC2046
	[ $# = 0 ] || add_users $(sed -n 's/^Require-User: //p' "$INFO/$pkgname.control")
	for script in $(grep -s '^/etc/uci-defaults/' "$list"); do
		([ -f "$script" ] && cd /etc/uci-defaults && . "$script") && rm -f "$script"
	done
	[ ! -f "$INFO/$pkgname.postinst-pkg" ] || (. "$INFO/$pkgname.postinst-pkg")
	for script in $(grep -s '^/etc/init.d/' "$list"); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" enable
		"$script" start
	done
}

default_prerm() {
	local list script
	find_package "$@"
	[ ! -f "$INFO/$pkgname.prerm-pkg" ] || (. "$INFO/$pkgname.prerm-pkg")
	for script in $(grep -s '^/etc/init.d/' "$list"); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" disable
		"$script" stop
	done
}
