/** The pages of the repository lead only to what is there: files, headings, paths, verbs and flags. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { arrowsBetween, order, readSources, runsUp } from '../tasks/dev/figures.ts'
import { settingsOf } from '../tasks/settings/settings.ts'
import { isVerbName } from '../tasks/settings/verbs.ts'

const root = join(import.meta.dirname, '..')
const textOf = (page: string) => readFileSync(join(root, page), 'utf8')
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
  .map(({ name }) => name)
const isPackage = (path: string) => path.split('/').includes('node_modules')
const pages = globSync([`{${folders.join(',')}}/**/*.md`, '*.md'], { cwd: root }).filter((page) => !isPackage(page))
/** The changelog tells what was. */
const presentPages = pages.filter((page) => page !== 'CHANGELOG.md')

function proseOf(page: string): string {
  return textOf(page).replace(/^```[\s\S]*?^```/gm, '')
}

/** The names by which a heading is linked to. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

t.test('a link leads to a file and a heading', (t) => {
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/(?:\]\(|(?:src|srcset|href)=")(?!https?:|mailto:)([^)\s"#]*)(?:#([^)\s"]+))?/g)].map(
      ([, path = '', anchor]) => ({ page, path, anchor }),
    ),
  )
  const broken = links.filter(({ page, path, anchor }) => {
    const target = path === '' ? page : relative(root, join(root, dirname(page), path))
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
  })
  t.strictSame(broken, [])
  t.ok(links.length > 100, `${links.length} links`)
  t.end()
})

t.test('a path below a folder of the repository is there', (t) => {
  const named = new RegExp(`\`(?:\\./)?((?:${folders.join('|')})/[^\`\\s*{}<>]+)\``, 'g')
  const made = ['checker/dist/', 'benchmarks/results/long.tsv']
  /** A word in capitals stands for any other. */
  const placeholder = /\/(?!README)[A-Z]{2,}\b/
  const paths = presentPages.flatMap((page) =>
    [...proseOf(page).matchAll(named)].map(([, path = '']) => ({ page, path })),
  )
  const missing = paths.filter(
    ({ path }) => !existsSync(join(root, path)) && !placeholder.test(path) && !made.some((one) => path.startsWith(one)),
  )
  t.strictSame(missing, [])
  t.ok(paths.length > 30, `${paths.length} paths`)
  t.end()
})

t.test('a command has a verb and flags that are there', (t) => {
  const { scripts } = JSON.parse(textOf('package.json'))
  const commands = presentPages.flatMap((page) =>
    [...textOf(page).matchAll(/(?:npm run (?:-s )?|\.\/bakeroll )([a-z]+(?::[a-z]+)?)([^\n#`|]*)/g)].map(
      ([command, verb = '', words = '']) => ({ page, command, verb, words }),
    ),
  )
  const wrong = commands.filter(({ verb, words }) => {
    if (!isVerbName(verb)) return !(verb in scripts)
    const known = [...settingsOf(verb).values()].flatMap(({ flag, otherFlag }) => [flag, otherFlag])
    const [ours = ''] = words.replace(/^ -- /, ' ').split(' -- ')
    const flags = [...ours.matchAll(/ --([a-z-]+)/g)].map(([, flag]) => flag)
    return flags.some((flag) => ![...known, 'help', 'version'].includes(flag))
  })
  t.strictSame(wrong, [])
  t.ok(commands.length > 100, `${commands.length} commands`)
  t.end()
})

t.test('each step of the walks from a verb to its effect is a function of the file that is named', (t) => {
  const rows = [...textOf('docs/architecture.md').matchAll(/^\| \[[^\]]+\]\(\.\.\/([^)]+)\) \| `(\w+)` \|/gm)]
  const missing = rows.filter(
    ([, file = '', name]) => !existsSync(join(root, file)) || !new RegExp(`function ${name}\\b`).test(textOf(file)),
  )
  t.strictSame(
    missing.map(([row]) => row),
    [],
  )
  t.ok(rows.length > 15, `${rows.length} steps`)
  t.end()
})

t.test('the drawing of the rooms shows all of them, and only imports that are there', (t) => {
  const drawing = textOf('docs/architecture.svg')
  const drawn = (attribute: string) =>
    [...drawing.matchAll(new RegExp(`${attribute}="([^"]+)"`, 'g'))].map(([, one = '']) => one.replace('&gt;', '>'))
  const rooms = order.flat().filter((room) => !['benchmarks', 'test'].includes(room))
  t.strictSame(drawn('data-room').sort(), [...rooms].sort())
  const arrows = arrowsBetween(readSources())
  const imports = drawn('data-import')
  t.strictSame(
    imports.filter((arrow) => !arrows.has(arrow) || runsUp(arrow)),
    [],
  )
  t.ok(imports.length > 9, `${imports.length} arrows`)
  t.end()
})
