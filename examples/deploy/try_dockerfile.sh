#!/bin/sh
# Run the steps of the Dockerfile without a Docker daemon, and print what the image would take:
#
#     sudo examples/deploy/try_dockerfile.sh FOLDER      (needs debootstrap, the network and 1 GB in FOLDER)
#
# Debian's minimal system stands for debian:bookworm-slim, which is the same without documentation and translations.
# "image" and "build" in FOLDER are the roots of the last stage and of the one that builds; the image stays there, to be tried with chroot.
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
steps() { # the RUN lines of a stage, whose FROM line matches $1
  awk -v stage="$1" '/^FROM/ { inside = ($0 ~ stage) } inside && /^RUN/ { sub(/^RUN /, ""); print }' "$source/examples/deploy/Dockerfile"
}
run() { # a step in the root $1
  printf '+ %s\n' "$2"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive PACKAGES="${PACKAGES:-}" PIP_CERT=/certificates.crt \
    chroot "$1" sh -ec "$2" >>"$folder/log" 2>&1 || { tail -5 "$folder/log"; exit 1; }
}
each() { # every step of the stage $2 in the root $1
  steps "$2" >"$folder/steps"
  while IFS= read -r step; do run "$1" "$step" </dev/null; done <"$folder/steps"
}
megabytes() { du -sm --apparent-size "$@" | awk '{ sum += $1 } END { print sum }'; }

: >"$folder/log"
debootstrap --variant=minbase bookworm "$folder/image" >>"$folder/log"
# what debian:bookworm-slim leaves out
rm -rf "$folder"/image/usr/share/doc "$folder"/image/usr/share/man "$folder"/image/usr/share/locale "$folder"/image/var/cache/apt/archives "$folder"/image/var/lib/apt/lists
mkdir -p "$folder/image/var/lib/apt/lists/partial" "$folder/image/var/cache/apt/archives/partial"
debian=$(megabytes "$folder/image")
each "$folder/image" 'AS base$'
rm -rf "$folder"/image/var/cache/apt/*.bin "$folder"/image/var/cache/apt/archives "$folder"/image/usr/share/doc "$folder"/image/usr/share/man
python=$(($(megabytes "$folder/image") - debian))

cp -a "$folder/image" "$folder/build"
mkdir -p "$folder/build/src"
cp -L /etc/resolv.conf "$folder/build/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/build/certificates.crt"
cp -a "$source/pyproject.toml" "$source/README.md" "$source/LICENSE" "$source/src" "$folder/build/src/"
each "$folder/build" 'AS build$'

cp -a "$folder/build/opt/gatera" "$folder/image/opt/gatera"
each "$folder/image" 'FROM base$'
rm -rf "$folder/build" "$folder/steps"
gatera=$(megabytes "$folder/image/opt/gatera")
printf 'Debian %s MB + Python %s MB + Gatera and what it needs %s MB = %s MB\n' "$debian" "$python" "$gatera" $((debian + python + gatera))
[ $((debian + python + gatera)) -lt 350 ] || { echo 'the image would have 350 MB or more'; exit 1; }
