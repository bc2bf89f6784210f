import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { test } from 'tap'

const repository = join(import.meta.dirname, '../..')
const platform = `'../platforms/aws/aws.ts'`

const refused: [path: string, source: string, because: RegExp][] = [
  ['tasks/lib/x.ts', `import { open } from ${platform}\nopen()\n`, /lib imports only lib/],
  ['tasks/lib/x.ts', `import type { Group } from ${platform}\nexport type G = Group\n`, /lib imports only lib/],
  ['tasks/lib/x.ts', `export * from ${platform}\n`, /lib imports only lib/],
  ['tasks/lib/roll/x.ts', `export * from '../../tools/x.ts'\n`, /lib imports only lib/],
  ['tasks/lib/x.ts', `import { execa } from 'execa'\nawait execa('ls')\n`, /lib imports only lib/],
  ['tasks/lib/x.ts', `import { spawn } from 'node:child_process'\nspawn('ls')\n`, /lib imports only lib/],
  ['tasks/lib/x.ts', `process.stdout.write('x')\n`, /only tasks\/terminal prints and exits/],
  ['tasks/lib/x.ts', 'process.exit(1)\n', /only tasks\/terminal prints and exits/],
  ['tasks/lib/x.ts', 'console.log(1)\n', /noConsole/],
  ['tasks/tools/x.ts', `import type { Group } from ${platform}\nexport type G = Group\n`, /tools are at the end/],
  ['tasks/platforms/local/x.ts', `import { ask } from '../../terminal/ask.ts'\nask()\n`, /Imports point one way/],
  ['tasks/settings/x.ts', `import { ask } from '../terminal/ask.ts'\nask()\n`, /Imports point one way/],
  ['tasks/report/x.ts', `import { roll } from '../verbs/roll.ts'\nroll()\n`, /Imports point one way/],
  [
    'checker/x.ts',
    `import type { Progress } from '../tasks/lib/progress.ts'\nexport type P = Progress\n`,
    /stand alone/,
  ],
  ['app/x.ts', `import { run } from '../tasks/tools/x.ts'\nrun()\n`, /stand alone/],
  ['nginx/x.ts', `import { run } from '../tasks/tools/x.ts'\nrun()\n`, /nginx needs only lib/],
  ['nginx/x.ts', `import { run } from '../app/x.ts'\nrun()\n`, /nginx needs only lib/],
  ['nginx/x.ts', `process.stdout.write('x')\n`, /only tasks\/terminal prints and exits/],
  ['checker/x.ts', 'console.log(1)\n', /noConsole/],
  ['tasks/x.ts', 'export const x: any = 1\n', /noExplicitAny/],
  ['tasks/x.ts', 'export const x = { ...{ a: 1, b: 2 }, c: 3 }\n', /do not spread a literal/],
  ['tasks/x.ts', `import { join } from 'path'\nexport const x = join('a')\n`, /useNodejsImportProtocol/],
]

const accepted: [path: string, source: string][] = [
  ['tasks/lib/roll/x.ts', `import type { Group } from '../platform.ts'\nexport type G = Group\n`],
  ['tasks/lib/roll/x.ts', `import { isRefreshing } from '../refresh/refresh.ts'\nexport const x = isRefreshing\n`],
  [
    'tasks/lib/x.ts',
    `import { OperatorError } from './errors.ts'\nexport const x = new OperatorError('failed', 'x')\n`,
  ],
  ['tasks/lib/x.test.ts', `import { Simulator } from '../simulator/simulator.ts'\nexport const x = new Simulator()\n`],
  [
    'tasks/tools/x.ts',
    `import { OperatorError } from '../lib/errors.ts'\nexport const x = new OperatorError('failed', 'x')\n`,
  ],
  ['tasks/tools/x.ts', `import { shellWord } from '../../checker/shell-word.ts'\nexport const x = shellWord('x')\n`],
  ['tasks/tools/x.ts', `import { check } from '../../checker/check.ts'\nexport const x = check\n`],
  ['tasks/verbs/roll.ts', `import { open } from '../platforms/open.ts'\nexport default () => open()\n`],
  ['tasks/terminal/x.ts', `process.stdout.write('x')\nconsole.log(1)\n`],
  ['nginx/x.ts', `import { OperatorError } from '../tasks/lib/errors.ts'\nexport const x = OperatorError\n`],
  ['app/x.ts', `import { renderNginx } from '../nginx/nginx.ts'\nexport const x = renderNginx\n`],
  ['checker/main.ts', 'console.log(1)\n'],
  ['tasks/x.ts', 'export const x = (y: object, z: boolean) => ({ ...y, ...(z ? { a: 1 } : {}), c: 3 })\n'],
]

/** The diagnostics of `biome lint` with this repository's rules, by case; each case has its own folder. */
async function lint(cases: readonly (readonly [path: string, source: string, ...unknown[]])[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-lint-'))
  try {
    for (const name of ['biome.json', 'tasks/dev/biome'])
      cpSync(join(repository, name), join(folder, name), { recursive: true })
    for (const [index, [path, source]] of cases.entries()) {
      const file = join(folder, `case-${index}`, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, source)
    }
    const argv = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none']
    const { stdout } = await execa('biome', argv, {
      cwd: folder,
      preferLocal: true,
      localDir: repository,
      reject: false,
    })
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; message: string; location: { path: string } }[]
    }
    return cases.map((_, index) =>
      diagnostics
        .filter(({ location }) => location.path.includes(`case-${index}/`))
        .map(({ category, message }) => `${category}: ${message}`)
        .join('\n'),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('refuses what breaks a rule, with the reason', async (t) => {
  const found = await lint(refused)
  for (const [index, [path, source, because]] of refused.entries()) t.match(found[index], because, `${path}: ${source}`)
})

test('accepts what keeps the rules', async (t) => {
  const found = await lint(accepted)
  for (const [index, [path, source]] of accepted.entries()) t.equal(found[index], '', `${path}: ${source}`)
})
