# Makes settings of apt by which it takes everything from Debian's archive as it was at the time `$1`, and
# prints where they are. What the image itself is configured with stays as it is.
set -e
mkdir -p /tmp/snapshot/sources
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ ! -f "$file" ] || sed -E \
        "s#https?://[^ ]*/(debian(-security)?)/?( |\$)#http://snapshot.debian.org/archive/\1/$1\3#g" \
        "$file" >"/tmp/snapshot/sources/${file##*/}"
done
# A signature of that time is older than it may be today.
cat >/tmp/snapshot/apt.conf <<'SETTINGS'
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "/tmp/snapshot/sources";
Acquire::Check-Valid-Until "false";
Acquire::Retries "5";
SETTINGS
echo /tmp/snapshot/apt.conf
