# Where things are, which versions are pinned, and how the scripts speak. Sourced, never run.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$ROOT/target/tools
cd "$ROOT" || exit

TRUNK_VERSION=0.21.14
INFERNO_VERSION=0.12.8
NODE_MAJOR=20
WASM_TARGET=wasm32-unknown-unknown
# Debian's compiler for its browsers, unpacked here: the second way to a wasm32 standard library.
RUSTC_WEB=$TOOLS/rustc-web

# The project's own tools come first. node_modules/.bin holds wasm-opt and tailwindcss.
export PATH=$TOOLS/bin:$ROOT/node_modules/.bin:$PATH
export npm_config_cache=$TOOLS/npm-cache
# Leptos would bake this name into the pages; the server finds the hashed one by itself.
unset LEPTOS_OUTPUT_NAME

say() { printf '==> %s\n' "$*"; }
fail() {
  printf 'palomar: %s\n' "$*" >&2
  exit 1
}

# The version Cargo.lock holds of one crate, e.g. `locked_version wasm-bindgen`.
locked_version() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/version = |"/, ""); print; exit }' Cargo.lock
}

# Where a Chromium is, if there is one.
find_chromium() {
  type -P chromium || type -P chromium-browser || type -P google-chrome || true
}

# Whether rustc's own sysroot holds the standard library for the browser.
has_wasm_library() {
  local library
  library=$(rustc --print target-libdir --target "$WASM_TARGET" 2>/dev/null) || return 1
  compgen -G "$library/libstd-*.rlib" >/dev/null
}

# How the bundle is compiled: `rustup` (rustc's own library), `debian` (see RUSTC_WEB) or `none`.
# WASM_COMPILER=debian asks for the second way where both are possible.
wasm_compiler() {
  if [ "${WASM_COMPILER:-}" != debian ] && has_wasm_library; then
    echo rustup
  elif [ -x "$RUSTC_WEB/rustc" ]; then
    echo debian
  else
    echo none
  fi
}

# The linker that comes with rustc; Debian's compiler has none of its own.
rust_lld() {
  local host
  host=$(rustc -vV | awk '/^host:/ { print $2 }')
  echo "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld"
}

# Lets cargo compile for the browser. Its folder is apart: another compiler or profile in the same
# one would make cargo compile everything anew at every change between the two.
use_wasm_compiler() {
  export CARGO_TARGET_DIR=$ROOT/target/wasm
  if [ "$(wasm_compiler)" = debian ]; then
    # Set before RUSTC, which rust_lld would otherwise ask.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(rust_lld)
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
    export RUSTC=$RUSTC_WEB/rustc RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort
    CARGO_TARGET_DIR=$ROOT/target/wasm-debian
  fi
}
