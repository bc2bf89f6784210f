import { shellWord } from '../../checker/shell-word.ts'

/** What a release changes on a machine besides images of containers; the user's own roles are not among it. */
const files = [
  'etc/bakeroll/service.json',
  'etc/nginx/nginx.conf',
  'var/www/bakeroll/version.txt',
  'usr/local/sbin/bakeroll-service',
  'etc/systemd/system/bakeroll-service.service',
]

const kept = '/var/lib/bakeroll/before'
const tag = 'bakeroll/before:kept'
const unit = 'bakeroll-service.service'

/** The container image that the settings of the service name. */
const named = `sed -n 's/.*"image":"\\([^"]*\\)".*/\\1/p' /etc/bakeroll/service.json`

/**
 * Keeps what the machine serves, once for each content `from`, so that giving it back needs no transfer: a delivery
 * that is repeated would keep a half of the new one. Removes the images of other releases than the one called `coming`,
 * and prints the layers of each image that is left, a JSON list a line.
 */
export function keepScript(from: string, coming: string): string {
  return `set -eu
coming=${shellWord(coming)}
kept=${kept}
if [ "$(cat $kept/content 2>/dev/null)" != ${shellWord(from)} ]; then
  rm -rf $kept.new
  mkdir -p -m 0700 $kept.new
  name=$(${named})
  docker image inspect --format '{{.Id}}' "$name" >$kept.new/image
  echo "$name" >$kept.new/name
  systemctl is-enabled ${unit} >$kept.new/unit 2>/dev/null || true
  tar --create --file $kept.new/files.tar --directory / ${files.join(' ')}
  docker tag "$(cat $kept.new/image)" ${tag}
  echo ${shellWord(from)} >$kept.new/content
  sync
  rm -rf $kept
  mv $kept.new $kept
fi
${pruneScript}
docker image ls --quiet --no-trunc | sort -u | while read -r id; do docker image inspect --format '{{json .RootFS.Layers}}' "$id"; done
`
}

/** Docker refuses to remove an image that a container uses. */
const pruneScript = `for name in $(docker image ls --format '{{.Repository}}:{{.Tag}}' bakeroll/service); do
  [ "$name" = "$coming" ] || [ "$name" = "$(${named})" ] || docker image rm "$name" >/dev/null 2>&1 || true
done
docker image prune --force >/dev/null`

/** Gives back what `keepScript` kept under this content; changes nothing on a machine that has none of it. */
export function putBackScript(from: string): string {
  return `set -eu
kept=${kept}
[ "$(cat $kept/content 2>/dev/null)" = ${shellWord(from)} ] || exit 0
docker tag "$(cat $kept/image)" "$(cat $kept/name)"
tar --extract --file $kept/files.tar --directory / --overwrite
systemctl daemon-reload
if [ "$(cat $kept/unit)" = enabled ]; then
  systemctl enable --quiet ${unit}
  systemctl restart ${unit}
else
  systemctl disable --quiet --now ${unit}
  /usr/local/sbin/bakeroll-service start
fi
nginx -t -q
systemctl reload-or-restart nginx
# All is given back: killed from here on, the next run finds nothing to do, and the next release prunes the image.
rm -f $kept/content
rm -rf $kept
docker image rm ${tag} >/dev/null 2>&1 || true
`
}

/** The layers of each image, from the answer of `keepScript`. */
export function layersIn(answer: string): string[][] {
  return answer.split('\n').flatMap((line) => {
    if (!line.startsWith('[')) return []
    const found: unknown = JSON.parse(line)
    return Array.isArray(found) ? [found.filter((one) => typeof one === 'string')] : []
  })
}
