import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Test } from 'tap'
import { onPath } from '../tasks/tools/path-fixture.ts'

const program = join(import.meta.dirname, '../ansible/roles/service/files/bakeroll-service')

/** Values that a shell, a file of variables or a careless copy would change. */
export const hardValues: Readonly<Record<string, string>> = {
  PLAIN: 'planted-4f1d9c',
  KEY: `-----BEGIN KEY-----\n${'planted0'.repeat(8)}\n-----END KEY-----\n\n`,
  QUOTED: `planted "double" 'single' \`tick\` $HOME \${x} \\n %s #`,
  BLANKS: '  planted \t tabs and blanks  \r\n',
  UNICODE: 'planted ünïcödé 秘密 🔑 \u2028',
  LONG: 'planted!'.repeat(3840),
}

/** What no log, argument or file of ours may have; every hard value has it. */
export const planted = /planted/

/** A server until the end of the test. */
export async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Keeps containers as files, and writes down how it was called, with its environment when it runs one. */
const docker = `
here=$(dirname "$0")
printf '%s\\0' "$@" >>"$here/calls"
printf '\\n' >>"$here/calls"
case $1 in
  ps) cat "$here/container" 2>/dev/null ;;
  stop) ;;
  rm) rm -f "$here/container" ;;
  run)
    if [ -e "$here/broken" ]; then env >&2; exit 125; fi
    env -0 >"$here/environment"
    echo c0ffee >"$here/container" ;;
esac
exit 0`

/** A machine with Docker's command in place, what it is to run, and the instance metadata service at an address. */
export function serviceMachine(t: Test, service: object, addresses: Record<string, string>) {
  const bin = onPath(t, { docker })
  const file = (name: string) => join(bin, name)
  writeFileSync(file('service.json'), JSON.stringify(service))
  const text = (name: string) => readFileSync(file(name), 'utf8')
  return {
    file,
    text,
    /** The calls of docker so far, as words. */
    calls: () =>
      text('calls')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\0').slice(0, -1)),
    /** The environment in which docker ran the container. */
    environment: () =>
      Object.fromEntries(
        text('environment')
          .split('\0')
          .slice(0, -1)
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
    run: (words: readonly string[]) =>
      execa('python3', [program, ...words], {
        env: { BAKEROLL_SERVICE: file('service.json'), LANG: 'C', ...addresses },
        reject: false,
        stripFinalNewline: false,
      }),
  }
}
