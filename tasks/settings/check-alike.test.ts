import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { execa } from 'execa'
import t from 'tap'
import { readCommandLine } from '../../checker/options/command-line.ts'
import { checkSettings } from '../../checker/options/options.ts'
import { parseCommandLine } from './command-line.ts'
import { readSettings } from './settings-reader.ts'

const folder = t.testdir()
const url = 'http://a.example'
const repository = join(import.meta.dirname, '../..')
process.chdir(folder)

/** How the verb of a clone reads the words, and how the checker alone does. */
async function both(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const commandLine = parseCommandLine('check', words)
  const verb = await readSettings(commandLine, { env, workingFolder: folder, project: repository })
  const alone = await readCommandLine(words, env)
  const { instances: _, ...options } = verb.settings.check
  // The verb has the deployed group.
  const isOfBoth = (problem: string) => !problem.startsWith('no url: ')
  return {
    verb: {
      problems: verb.problems,
      warnings: verb.warnings,
      options: verb.settings.json ? { ...options, format: 'json' } : options,
      help: commandLine.help,
    },
    alone: {
      problems: alone.problems.filter(isOfBoth),
      warnings: alone.warnings,
      options: alone.options,
      help: alone.action === 'help',
    },
  }
}

const texts = [
  ...['', ' ', 'x', '-1', '0', '1', '2', '99999999999', '1.5', '101%', '5s', '500ms', '31d', '2 h', 'true', 'false'],
  ...['/now', 'none', 'cron', 'json', 'jsn', 'text', 'a,b', '10.0.0.0/8', ':9115', '[::1]:80', '3/10', '^a(', 'a\nb'],
  ...['@none', 'X-Key: 1', 'ops:geheim', 'http://u:p@h', 'mail:a@b.example', 'Sun 02:00-04:00', 'unix', 'json:/a'],
]
const flags = [...checkSettings.values()].map(({ flag }) => `--${flag}`)

t.test('one flag with every kind of value, right and wrong', async (t) => {
  let compared = 0
  for (const flag of flags) {
    for (const text of texts) {
      for (const words of [
        [`${flag}=${text}`, url],
        [url, flag, text],
      ]) {
        const { verb, alone } = await both(words)
        compared += 1
        if (!isDeepStrictEqual(verb, alone)) t.same(verb, alone, JSON.stringify(words))
      }
    }
  }
  t.ok(compared > 3000, `${compared} compared`)
})

t.test('missing, repeated, misspelt and contradictory flags', async (t) => {
  const cases = [
    ...flags.flatMap((flag) => [
      [url, flag],
      [flag, '--samples', '3', url],
      [flag, '5', flag, '6', url],
      [`${flag.slice(0, -1)}`, url],
      [`${flag}x`, url],
      [flag.replace('--', '-'), url],
    ]),
    ...[
      ['-h'],
      ['--help'],
      ['-x'],
      ['-'],
      ['--'],
      ['--', '--samples', url],
      ['a.example'],
      [url, url],
      ['--json', url],
    ],
    ...[
      ['--json', '--format', 'nagios', url],
      ['--ipv4', '--ipv6', url],
      ['--watch', '5s', url],
      ['--watch', url],
    ],
    ['--timeout', '5', '--critical-latency', '1m', '--samples', 'two', 'b.example', '--nonsense', '--state'],
    ['--targets', join(folder, 'none')],
  ]
  for (const words of cases) {
    const { verb, alone } = await both(words)
    // The verb has flags of its own that may match the word.
    if (!/--(group|instances|config|platform|verbose|yes|page)/.test(verb.problems.join())) {
      t.same(verb, alone, JSON.stringify(words))
    }
  }
})

t.test('settings in the environment', async (t) => {
  for (const [name, text] of [
    ['BAKEROLL_CHECK_SAMPLES', 'two'],
    ['BAKEROLL_CHECK_SAMPLES', '7'],
    ['BAKEROLL_CHECK_MAX_OFSET', '1s'],
    ['BAKEROLL_CHECK_FOO', '1s'],
    ['BAKEROLL_CHECK_WATCH', '1s'],
    ['BAKEROLL_CHECK_HEARTBEAT', 's3cret'],
    ['BAKEROLL_CHECK_FORMAT', 'nagios'],
    ['BAKEROLL_CHECK_URLS', 'http://b.example'],
  ] as const) {
    const { verb, alone } = await both([url], { [name]: text })
    t.same(verb, alone, `${name}=${text}`)
  }
})

t.test('as processes: the same errors, and exit code 3', async (t) => {
  const words = ['--warn', '1s', '--max-offset', '5', '--ca', '/nowhere', 'b.example', '--expect-version']
  const options = { cwd: repository, env: { NODE_OPTIONS: '' }, stdin: 'ignore', reject: false } as const
  const verb = await execa('sh', ['tasks/run.sh', 'check', ...words], options)
  const alone = await execa(process.execPath, ['checker/main.ts', ...words], options)
  const errors = (text: string) => text.split('\n').filter((line) => line.startsWith('error: '))
  t.same([verb.exitCode, alone.exitCode], [3, 3])
  t.equal(errors(alone.stderr).length, 5)
  t.same(errors(verb.stderr), errors(alone.stderr))
})
