import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { slowed } from '../dev/test-pace.ts'
import { bareEnv } from './fixtures/bare-env.ts'

const interruption = JSON.stringify(new URL('./interruption.ts', import.meta.url).href)

/** A program that prints when it runs and when it is stopped, started by a shell that stays its parent. */
function startUnderParent(env: NodeJS.ProcessEnv) {
  const program = `
    const { onInterruption } = await import(${interruption})
    const first = () => { console.log('stopped'); process.exit(130) }
    onInterruption({ first, again() {}, late() {} }, 60_000)
    console.log('runs')
    setTimeout(() => { console.log('never stopped'); process.exit(0) }, ${slowed(4000)})
  `
  const parent = spawn('sh', ['-c', '"$0" --input-type=module -e "$1"; :', process.execPath, program], {
    env: { ...bareEnv, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  parent.stdout.setEncoding('utf8')
  return parent
}

async function afterTheParentIsKilled(env: NodeJS.ProcessEnv): Promise<string> {
  const parent = startUnderParent(env)
  let said = ''
  parent.stdout.on('data', (text: string) => {
    said += text
    if (text.includes('runs')) parent.kill('SIGKILL')
  })
  await once(parent.stdout, 'end')
  return said
}

t.test('a run under npm stops when npm is killed', async (t) => {
  t.equal(await afterTheParentIsKilled({ npm_lifecycle_event: 'roll' }), 'runs\nstopped\n')
})

t.test('a run under another parent continues', async (t) => {
  t.equal(await afterTheParentIsKilled({}), 'runs\nnever stopped\n')
})

t.test('a run that does not stop in time is told that it is late', async (t) => {
  const program = `
    const { onInterruption } = await import(${interruption})
    const late = () => { console.log('late'); process.exit(130) }
    onInterruption({ first: () => console.log('first'), again: () => console.log('again'), late }, 300)
    setInterval(() => {}, 1000)
    process.kill(process.pid, 'SIGTERM')
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')])
  t.equal(said, 'first\nlate\n')
  t.equal(exitCode, 130)
})

t.test('closing the terminal stops a run that gets no SIGHUP', async (t) => {
  const end = join(t.testdir(), 'end')
  const play = join(import.meta.dirname, 'fixtures/play.ts')
  // A session of its own gets no SIGHUP from the terminal, but its streams are still those of `script`.
  const command = `setsid -w sh -c '"$0" "$1" wait bake; echo $? >"$2.part"; mv "$2.part" "$2"' ${process.execPath} ${play} ${end}`
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...bareEnv, TERM: 'xterm' },
  })
  let shown = ''
  terminal.stdout.on('data', (chunk) => {
    shown += chunk
    if (shown.includes('ready')) terminal.kill('SIGKILL')
  })
  await once(terminal, 'close')
  while (!existsSync(end)) await sleep(50)
  t.equal(readFileSync(end, 'utf8'), '130\n')
})
