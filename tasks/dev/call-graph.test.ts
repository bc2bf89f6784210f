import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { type OwnFunction, readCallGraph } from './call-graph.ts'
import { chainLine, chainsFrom, longestChains } from './chains.ts'
import { readCalls } from './figures.ts'

/** Eight calls are what a reader can follow. The checker's probe is deeper: each of its layers is measured and fuzzed alone. */
const longest = { verb: 8, checker: 11 }

// The compiler reads the whole project, which takes minutes on a busy computer.
const patient = { timeout: 900_000 }

test('no effect is deeper below its verb than a reader can follow', patient, async (t) => {
  const chains = longestChains(readCalls())
  t.ok(chains.length > 10, `${chains.length} verbs have effects`)
  for (const chain of chains) {
    const limit = chain.verb === 'checker' ? longest.checker : longest.verb
    t.ok(chain.calls.length <= limit, `${chainLine(chain)}, at most ${limit}`)
  }
})

const port = `
export interface Port { launch(): void; readonly end?: () => void; look(): void }
`
const verb = `
import { writeFileSync } from 'node:fs'
import { open } from './open.ts'
import { story } from './story.ts'
export default function verb() {
  const { port, close } = open()
  const task = { port, close, tell: told }
  ;[1].forEach(() => story({ ...task, name: 'x' }))
  keep(kept)
}
function told() { writeFileSync('a', '') }
function kept() { writeFileSync('b', '') }
function keep(work: () => void) { work() }
`
const story = `
import type { Port } from './port.ts'
interface Task { readonly port: Port; readonly close: () => void; readonly tell?: () => void; name: string }
export function story({ port, close, tell }: Task) {
  port.launch()
  port.look()
  tell?.()
  if (port.end) port.end()
  close()
}
`
const open = `
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import type { Port } from './port.ts'
const serve = () => { createServer() }
export function open() {
  const stop = { now() { fs.rmSync('c') } }
  return { port: openPort(), close: stop.now }
}
function openPort(): Port {
  return { launch: () => twice(() => { fs.mkdirSync('d') }), end: serve, look() { fs.readFileSync('e') } }
}
function twice(work: () => void) { work(); work() }
`

test('finds a call however it is written', patient, async (t) => {
  const folder = t.testdir({
    'tsconfig.json': JSON.stringify({
      compilerOptions: { module: 'nodenext', noEmit: true, allowImportingTsExtensions: true, types: ['node'] },
      include: ['*.ts'],
    }),
    'package.json': '{ "type": "module" }',
    'port.ts': port,
    'verb.ts': verb,
    'open.ts': open,
  })
  writeFileSync(join(folder, 'story.ts'), story)
  const functions = readCallGraph(folder, (path) => path.endsWith('.ts'))
  const entry = functions.find(({ name }) => name === 'verb')
  if (!entry) return t.fail('no entry')
  t.strictSame(
    chainsFrom(entry)
      .map(({ calls }) => calls.join(' '))
      .sort(),
    [
      'kept writeFileSync',
      'story launch mkdirSync',
      'story now rmSync',
      'story serve createServer',
      'story told writeFileSync',
    ],
    'through ports, spreads, members and destructuring; inline functions belong to the function around them',
  )
})

test('the chain of a verb is the shortest path to its deepest effect', async (t) => {
  const made = (name: string, path: string, effects: string[] = []): OwnFunction => {
    return { name, path, calls: new Set(), effects: new Set(effects) }
  }
  const roll = made('roll', 'tasks/verbs/roll.ts')
  const simulate = made('simulate', 'tasks/verbs/simulate.ts')
  const rollGroup = made('rollGroup', 'tasks/lib/roll/roll.ts')
  const act = made('act', 'tasks/lib/roll/actions.ts')
  const launch = made('launch', 'tasks/platforms/aws/aws.ts', ['send'])
  const pretend = made('pretend', 'tasks/simulator/simulated-platform.ts', ['writeFile'])
  roll.calls.add(rollGroup)
  simulate.calls.add(rollGroup)
  rollGroup.calls.add(act).add(roll)
  act.calls.add(launch).add(pretend)
  t.strictSame(longestChains([roll, simulate, rollGroup, act, launch, pretend]).map(chainLine), [
    'roll 4: rollGroup act launch send',
    'simulate 4: rollGroup act pretend writeFile',
  ])
  roll.calls.add(act)
  t.strictSame(longestChains([roll]).map(chainLine), ['roll 3: act launch send'])
})
