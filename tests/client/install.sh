#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed library serves a program that knows nothing of this tree: by pkg-config and by find_package.
#	install.sh <cmake> <build directory> <compiler> <example.c>
set -eu
cmake=$1 build=$2 compiler=$3 example=$4
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
prefix=$directory/prefix

"$cmake" --install "$build/client/lib" --prefix "$prefix" >"$directory/log"
libdir=$(dirname "$(find "$prefix" -name 'liborgclient.so.0')")
test -n "$(find "$prefix" -path '*/orgclient/org_client.h')"
test -z "$(find "$prefix" -path '*orgd/store*' -o -path '*orgd/rpc*')"

# Without the right to call, or a daemon, the example says what is wrong.
run() {
	message=$(LD_LIBRARY_PATH=$libdir ORGD_URL="ipc://$directory/nobody" "$1" usr_x doc_x 2>&1) && return 1
	test "$(expr "$message" : '.*Cannot reach orgd at .*: No such file or directory')" -gt 0
}

PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
"$compiler" -std=c17 -Wall -Wextra -Werror -pedantic "$example" -o "$directory/by_pkg_config" \
	$(pkg-config --define-variable=prefix="$prefix" --cflags --libs liborgclient)
run "$directory/by_pkg_config"

mkdir "$directory/project"
cp "$example" "$directory/project"
cat >"$directory/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(example LANGUAGES C)
find_package(orgclient 0.1 REQUIRED)
add_executable(example example.c)
target_link_libraries(example PRIVATE orgclient::orgclient)
END
"$cmake" -S "$directory/project" -B "$directory/project/build" \
	-DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" >"$directory/log"
"$cmake" --build "$directory/project/build" >"$directory/log" || { cat "$directory/log"; exit 1; }
run "$directory/project/build/example"
