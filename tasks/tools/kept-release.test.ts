import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { keepScript, layersIn, putBackScript } from './kept-release.ts'
import { onPath } from './path-fixture.ts'

t.test('the scripts are valid shell, whatever the name of the content', async (t) => {
  for (const from of ['c0ffee', '1.0.0-ab', "it's"]) {
    for (const script of [keepScript(from, 'bakeroll/service:2.0.0'), putBackScript(from)]) {
      const { exitCode, stderr } = await execa('sh', ['-n'], { input: script, reject: false })
      t.same([exitCode, stderr], [0, ''])
    }
  }
})

t.test('reads the layers of each image', (t) => {
  t.same(layersIn('["sha256:a","sha256:b"]\n["sha256:a"]\nnull\nother\n'), [['sha256:a', 'sha256:b'], ['sha256:a']])
  t.end()
})

/** Images are files named by id, with their layers; names are files with an id. Few processes, as it runs often. */
const docker = `
cd "$ROOT/docker"
at=$2
if [ "$1 $2" = 'image inspect' ]; then at=$5; fi
if [ ! -e "ids/$at" ] && [ -e "names/$at" ]; then read -r at <"names/$at"; fi
case "$1 $2 $3" in
  'image inspect --format') [ -e "ids/$at" ] && case $4 in *Layers*) cat "ids/$at" ;; *) echo "$at" ;; esac ;;
  'image ls --quiet') ls ids ;;
  'image ls --format') for one in "names/$5:"*; do echo "\${one#names/}"; done ;;
  'image rm '*) rm "names/$3" ;;
  'image prune --force') for one in ids/*; do grep -qx "\${one#ids/}" names/*/* || rm "$one"; done ;;
  tag*) [ -e "ids/$at" ] && echo "$at" >"names/$3" ;;
  *) exit 64 ;;
esac`

const config = (release: string) => `{"image":"bakeroll/service:${release}","arguments":[]}`

/** A machine in a folder, with a stand-in for Docker, that serves 1.0.0. */
function machine(t: Test) {
  const root = mkdtempSync(join(tmpdir(), 'bakeroll-kept-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  const text = (path: string) => readFileSync(join(root, path), 'utf8').trim()
  const write = (files: Record<string, string>) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content, { mode: 0o755 })
    }
  }
  const start = `#!/bin/sh\ndocker image inspect --format id "$(cut -d '"' -f 4 '${root}/etc/bakeroll/service.json')" >'${root}/container'\n`
  const serving = (release: string, id: string) => ({
    'etc/bakeroll/service.json': config(release),
    'etc/nginx/nginx.conf': release,
    'var/www/bakeroll/version.txt': release,
    'usr/local/sbin/bakeroll-service': start,
    'etc/systemd/system/bakeroll-service.service': release,
    [`docker/ids/${id}`]: `["sha256:${id}"]\n`,
    [`docker/names/bakeroll/service:${release}`]: `${id}\n`,
    container: `${id}\n`,
  })
  const inRoot = (script: string) =>
    script
      .replaceAll(/(?<![\w.$/])\/(?=var\/|usr\/|etc\/)/g, `${root}/`)
      .replaceAll('--directory / ', `--directory ${root} `)
  /** Returns the exit code; killed before its nth command, if it has that many. */
  const run = async (script: string, nth = 0) => {
    const counting = `set -o functrace; n=0; trap 'n=$((n + 1)); [ $n -ne ${nth} ] || kill -9 $$' DEBUG\n`
    const env = { ROOT: root }
    const { exitCode, signal, stdout } = await execa('bash', ['-c', counting + inRoot(script)], { env, reject: false })
    return { exitCode, isKilled: signal === 'SIGKILL', stdout }
  }
  const state = () => ({
    service: text('etc/bakeroll/service.json'),
    nginx: text('etc/nginx/nginx.conf'),
    version: text('var/www/bakeroll/version.txt'),
    unit: text('etc/systemd/system/bakeroll-service.service'),
    container: text('container'),
    names: Object.fromEntries(
      readdirSync(join(root, 'docker/names/bakeroll')).map((name) => [name, text(`docker/names/bakeroll/${name}`)]),
    ),
    isKept: existsSync(join(root, 'var/lib/bakeroll/before/content')),
  })
  write({ ...serving('1.0.0', 'one'), 'var/lib/bakeroll/other': '' })
  const deliver = (release: string, id: string) => write(serving(release, id))
  return { run, state, deliver, add: (path: string, content: string) => write({ [path]: content }) }
}

function withPrograms(t: Test): void {
  const isEnabled = `[ "$1" != is-enabled ] || { echo disabled; exit 1; }`
  onPath(t, { docker, systemctl: isEnabled, nginx: 'true' })
}

t.test('keeps what a machine serves, once, and restores it unchanged', async (t) => {
  withPrograms(t)
  const { run, state, deliver } = machine(t)
  const before = state()
  t.match(await run(keepScript('c-old', 'bakeroll/service:1.1.0')), { exitCode: 0, stdout: '["sha256:one"]' })
  deliver('1.1.0', 'two')
  t.match(
    await run(keepScript('c-old', 'bakeroll/service:1.1.0')),
    { exitCode: 0, stdout: /one.*two/s },
    'again: a partly delivered new release is not kept',
  )
  t.match(await run(putBackScript('c-another')), { exitCode: 0 })
  t.match(state(), { nginx: '1.1.0', container: 'two', isKept: true }, 'nothing for another content')
  t.match(await run(putBackScript('c-old')), { exitCode: 0 })
  t.match(state(), { ...before, names: { 'service:1.0.0': 'one' }, isKept: false })
  t.match(await run(putBackScript('c-old')), { exitCode: 0 }, 'nothing left to do')
})

t.test('keeps the image of the next release and removes others', async (t) => {
  withPrograms(t)
  const { run, state, add } = machine(t)
  add('docker/ids/two', '[]')
  for (const release of ['0.9.0', '1.1.0']) add(`docker/names/bakeroll/service:${release}`, 'two\n')
  t.match(await run(keepScript('c-old', 'bakeroll/service:1.1.0')), { exitCode: 0 })
  t.same(Object.keys(state().names).sort(), ['before:kept', 'service:1.0.0', 'service:1.1.0'])
})

/** Kills an attempt before each command in turn, until there are no more; each must still end right. */
async function killedInTurn(t: Test, attempt: (nth: number) => Promise<{ isKilled: boolean; isRight: boolean }>) {
  for (let nth = 1; ; nth += 1) {
    const { isKilled, isRight } = await attempt(nth)
    if (!isRight) t.fail(`killed before command ${nth}`)
    if (!isKilled) return t.ok(nth > 10, `${nth - 1} kills`)
  }
}

const old = {
  service: config('1.0.0'),
  nginx: '1.0.0',
  version: '1.0.0',
  unit: '1.0.0',
  container: 'one',
  isKept: false,
}

t.test('keeping that was killed before any command completes when run again', async (t) => {
  withPrograms(t)
  await killedInTurn(t, async (nth) => {
    const { run, state, deliver } = machine(t)
    const { isKilled } = await run(keepScript('c-old', 'bakeroll/service:1.1.0'), nth)
    const again = await run(keepScript('c-old', 'bakeroll/service:1.1.0'))
    deliver('1.1.0', 'two')
    const back = await run(putBackScript('c-old'))
    const { names, ...found } = state()
    const isRight = again.exitCode === 0 && back.exitCode === 0 && isDeepStrictEqual(found, old)
    return { isKilled, isRight: isRight && names['service:1.0.0'] === 'one' }
  })
})

t.test('restoring that was killed before any command completes when run again', async (t) => {
  withPrograms(t)
  await killedInTurn(t, async (nth) => {
    const { run, state, deliver } = machine(t)
    await run(keepScript('c-old', 'bakeroll/service:1.1.0'))
    deliver('1.1.0', 'two')
    const { isKilled } = await run(putBackScript('c-old'), nth)
    const again = await run(putBackScript('c-old'))
    const { names, ...found } = state()
    const isRight = again.exitCode === 0 && isDeepStrictEqual(found, old)
    return { isKilled, isRight: isRight && names['service:1.0.0'] === 'one' }
  })
})
