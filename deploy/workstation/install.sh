#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Installs the workstation for the account that runs it, with a start icon; run again it updates.
#   sh deploy/workstation/install.sh             from a checkout or an unpacked release
#   sh deploy/workstation/install.sh uninstall   removes the program, never the vault
# Needs no rights of an administrator. What Debian has to provide is named with the command that installs it.
set -eu

NAME=nl.meldkluis.workstation
data=${XDG_DATA_HOME:-"$HOME/.local/share"}
app=$data/meldkluis-workstation-app
vault=$data/meldkluis-workstation
launcher=$HOME/.local/bin/meldkluis-workstation
entry=$data/applications/$NAME.desktop
icon=$data/icons/hicolor/scalable/apps/$NAME.svg
closed=$data/mime/packages/$NAME.xml
source=$(cd "$(dirname "$0")/../.." && pwd)
PYTHON=${PYTHON:-python3}

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

missing=
want() { # want PACKAGES TEST...: remember the packages when the test fails
    packages=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $packages"
}
some_browser() {
    command -v firefox-esr || command -v firefox || command -v chromium || command -v x-www-browser
}

look_around() {
    want "python3 python3-venv" "$PYTHON" -c 'import ensurepip, venv'
    needed=$missing
    want bubblewrap command -v bwrap
    want poppler-utils command -v pdftoppm
    want mat2 command -v mat2
    want "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui" command -v soffice
    want librsvg2-bin command -v rsvg-convert
    want python3-pil /usr/bin/python3 -c 'import PIL'
    want libemail-outlook-message-perl command -v msgconvert
    want libheif-examples command -v heif-convert
    want firefox-esr some_browser
    want xdg-utils command -v xdg-open
}

install_line() { say "    sudo apt install --no-install-recommends$1"; }

install() {
    [ -f "$source/requirements/workstation.txt" ] || fail "Run this from a whole checkout or release of Meldkluis."
    look_around
    if [ -n "$needed" ]; then
        say "Debian has to provide this first; then run this again:" >&2
        install_line "$missing" >&2
        exit 1
    fi
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or later is needed: PYTHON=/path/to/python3.11 sh $0"

    umask 077
    mkdir -p "$app"
    # Beside the one in use: an update that breaks off changes nothing.
    fresh=$(mktemp -d "$app/venv.XXXXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    trap 'exit 1' HUP INT TERM
    say "Installing into $app ..."
    "$PYTHON" -m venv "$fresh"
    # Every file is checked against its hash; nothing is built but Meldkluis itself.
    for list in build workstation; do
        "$fresh/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
            -r "$source/requirements/$list.txt"
    done
    "$fresh/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$source"
    "$fresh/bin/python" -I -m meldkluis.workstation.cli --help >/dev/null

    before=$(readlink "$app/current" 2>/dev/null || true)
    ln -s "$fresh" "$app/next"
    mv -T "$app/next" "$app/current"
    trap - EXIT HUP INT TERM
    for old in "$app"/venv.*; do
        # The one before stays: a program that still runs needs its files.
        [ "$old" = "$fresh" ] || [ "$old" = "$before" ] || rm -rf "$old"
    done

    mkdir -p "$(dirname "$launcher")" "$(dirname "$entry")" "$(dirname "$icon")"
    cat >"$launcher.new" <<END
#!/bin/sh
# Made by Meldkluis' deploy/workstation/install.sh. -I: no module comes from anywhere else.
exec "$app/current/bin/python" -I -m meldkluis.workstation.cli "\$@"
END
    chmod 700 "$launcher.new"
    mv "$launcher.new" "$launcher"
    cp "$source/workstation/static/mark.svg" "$icon"
    cat >"$entry.new" <<END
[Desktop Entry]
Type=Application
Version=1.0
Name=Meldkluis
GenericName=Workstation of the confidential officer
GenericName[nl]=Werkplek vertrouwenspersoon
Comment=Read and answer reports
Comment[nl]=Meldingen lezen en beantwoorden
Exec="$launcher" open
Icon=$NAME
Terminal=false
StartupNotify=false
Categories=Office;
END
    chmod 600 "$entry.new"
    mv "$entry.new" "$entry"
    if command -v update-desktop-database >/dev/null 2>&1; then
        update-desktop-database -q "$(dirname "$entry")" || true
    fi

    mkdir -p "$(dirname "$closed")"
    cp "$source/deploy/workstation/attachment-type.xml" "$closed"
    know_types

    say "Meldkluis is installed. Open it with the icon Meldkluis, or with: $launcher open"
    if [ -n "$missing" ]; then
        say "Some kinds of files cannot be shown yet. Debian provides what is missing:"
        install_line "$missing"
    fi
    command -v tor >/dev/null 2>&1 || {
        say "Only if the server has an onion address:"
        install_line " tor"
    }
}

know_types() {
    if command -v update-mime-database >/dev/null 2>&1; then
        update-mime-database "$data/mime" || true
    fi
}

uninstall() {
    rm -f "$launcher" "$entry" "$icon"
    # Attachments that were saved stay closed also without the program: their type is left.
    rm -rf "$app"
    say "Meldkluis is removed. A program that runs ends with 'Afsluiten', or when you log out."
    if [ -e "$vault/vault.json" ]; then
        say "The vault was not touched: $vault"
    fi
}

case ${1-install} in
install) install ;;
uninstall) uninstall ;;
*) fail "usage: sh $0 [install|uninstall]" ;;
esac
