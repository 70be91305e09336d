#!/bin/sh
# machine.sh DIR: boots this machine's own files as another machine, with systemd as process 1. What it
# writes goes to DIR/written and nowhere else; DIR/given is its /mnt. It has no network but its own
# loopback. DIR/group names its control group, to be removed when it has ended.
set -eu
mkdir -p "$1/written" "$1/work" "$1/root" "$1/given"
group=/sys/fs/cgroup/unified
[ -d "$group" ] || group=/sys/fs/cgroup
group=$group/springhouse-machine-$$
mkdir "$group"
echo "$group" >"$1/group"
echo $$ >"$group/cgroup.procs"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/written,workdir=$1/work" "$1/root"
# What keeps packages from starting services here is no part of a machine.
rm -f "$1/root/usr/sbin/policy-rc.d"
# More than a container may by default: filters of devices, and memory that is locked.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --quiet --directory="$1/root" --machine="springhouse-$$" --register=no --keep-unit \
  --private-network --bind-ro="$1/given:/mnt" --system-call-filter='bpf @memlock' \
  --rlimit=MEMLOCK=67108864 --boot systemd.unified_cgroup_hierarchy=1 systemd.unit=basic.target
