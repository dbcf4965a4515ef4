# What a command makes of the system has the same bytes whenever and wherever it runs:
# `sh settle.sh begin` comes before it, and `sh settle.sh end` after it.
set -e
# A second earlier, since a file may be made in the same tick of the clock.
[ "$1" = end ] || exec touch -d "@$(($(date +%s) - 1))" /tmp/begin
# When something was installed or a user was made tells nobody anything in an image.
rm -rf /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
rm -rf /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old
[ ! -f /etc/shadow ] || sed -i -E 's/^([^:]*:[!*]*):[0-9]+:/\1::/' /etc/shadow
# What the command has not changed is none of its layer. These are mounted, this file too.
find / -xdev '(' -path /dev -o -path /proc -o -path /sys -o -path /etc/hosts -o -path /etc/resolv.conf \
    -o -path '/tmp/*.sh' ')' -prune -o -newer /tmp/begin -exec touch -h -d "@$SOURCE_DATE_EPOCH" '{}' +
rm /tmp/begin
touch -d "@$SOURCE_DATE_EPOCH" /tmp
