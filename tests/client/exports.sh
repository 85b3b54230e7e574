#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The library exports what its header declares, the generated code of the public contract, and nothing else.
#	exports.sh <nm> <liborgclient.so> <org_client.h>
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

sed -n '/^ORG_API/s/^.*[ *]\(org_[a-z_]*\)(.*$/\1/p' "$3" | sort >"$directory/declared"
"$1" -D --defined-only "$2" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$directory/exported"
grep '^org_' "$directory/exported" >"$directory/ours"

test "$(wc -l <"$directory/declared")" -ge 10
diff "$directory/declared" "$directory/ours"
if grep -Ev '^(org_[a-z_]*|orgd__v1__[a-z0-9_]*|google__(rpc|protobuf)__[a-z0-9_]*|grpc__health__v1__[a-z0-9_]*)$' \
	"$directory/exported"; then
	echo "the library exports these, which are no business of others"
	exit 1
fi
grep -qx orgd__v1__member_service__get_member "$directory/exported"
grep -qx google__protobuf__timestamp__descriptor "$directory/exported"
