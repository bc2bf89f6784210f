import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bareEnv } from '../terminal/fixtures/bare-env.ts'

const play = join(import.meta.dirname, '../terminal/fixtures/play.ts')

/** Stands for sudo: asks on the terminal directly, without echo, three times, and remembers who got in. */
const sudo = `#!/bin/sh
case $* in
'-n true')
  [ -e "$ENTERED" ] && exit 0
  echo 'sudo: a password is required' >&2
  exit 1 ;;
-v)
  trap 'stty echo </dev/tty; exit 1' INT
  stty -echo </dev/tty
  for try in 1 2 3; do
    printf '[sudo] password for dev: ' >/dev/tty
    read -r word </dev/tty
    echo >/dev/tty
    if [ "$word" = right ]; then stty echo </dev/tty; : >"$ENTERED"; exit 0; fi
    [ "$try" = 3 ] || echo 'Sorry, try again.' >/dev/tty
  done
  stty echo </dev/tty
  echo 'sudo: 3 incorrect password attempts' >&2
  exit 1 ;;
esac
exit 9
`

/** Runs the play in a pseudo-terminal; each of `typed` is typed at one prompt, half a second after it: a live board had erased it by then. */
async function install(t: Test, typed: readonly string[]) {
  const folder = t.testdir({ sudo })
  const entered = join(folder, 'entered')
  const command = `trap : INT; chmod +x ${folder}/sudo; stty cols 80 rows 24; ${process.execPath} ${play} sudo bake; echo "exit $?"; stty -a`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...bareEnv, PATH: `${folder}:${process.env['PATH']}`, TERM: 'xterm', ENTERED: entered },
  })
  const left = [...typed]
  let output = ''
  let seen = 0
  let erased = false
  child.stdout.on('data', (chunk) => {
    output += chunk
    const prompts = output.split('password for dev: ').length - 1
    if (prompts <= seen) return
    seen = prompts
    const before = output.length
    setTimeout(() => {
      erased ||= output.length > before
      child.stdin.write(left.shift() ?? '')
    }, 500)
  })
  await once(child, 'close')
  return { output, erased, isIn: existsSync(entered) }
}

t.test('leaves the screen alone while sudo asks, then carries on', async (t) => {
  const { output, erased, isIn } = await install(t, ['wrong\n', 'right\n'])
  t.match(
    output,
    /sudo asks for your password, to install qemu-utils[\s\S]*\[sudo\] password for dev: \r\n.*Sorry[\s\S]*✓/,
  )
  t.match(output, /installed\r\n.*exit 0/)
  t.ok(isIn)
  t.notOk(erased, 'the prompt stays until it is answered')
})

t.test('a wrong password is a refusal that says what to type', async (t) => {
  const { output } = await install(t, ['a\n', 'b\n', 'c\n'])
  t.match(output, /error:.* installing qemu-utils needs root, and sudo refused/)
  t.match(output, 'sudo apt-get install --no-install-recommends qemu-utils')
  t.match(output, 'exit 3')
})

t.test('Ctrl-C at the prompt stops the verb and restores the echo', async (t) => {
  const { output } = await install(t, ['\u0003'])
  t.match(output, 'exit 130')
  t.match(output, / echo /)
  t.notMatch(output, /-echo /)
})

t.test('does not ask without a terminal', async (t) => {
  const folder = t.testdir({ sudo })
  const child = spawn(process.execPath, [play, 'sudo', 'bake'], {
    env: { ...bareEnv, PATH: `${folder}:${process.env['PATH']}` },
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [exitCode] = await once(child, 'close')
  t.equal(exitCode, 3)
  t.match(stderr, 'there is no terminal for sudo to ask')
  t.match(stderr, 'hint:  sudo apt-get install --no-install-recommends qemu-utils')
})
