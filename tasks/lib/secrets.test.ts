import t from 'tap'
import { assertSecretsSet, listedSecrets, nameProblem, type SecretStore, valueProblem } from './secrets.ts'

const setAt = '2026-01-01T00:00:00.000Z'

function store(...names: string[]): SecretStore {
  return {
    mostBytes: 100,
    list: async () => names.map((name) => ({ name, setAt })),
    set: async () => {},
    unset: async () => true,
  }
}

t.test('names are those of environment variables that docker does not obey itself', async (t) => {
  for (const name of ['A', '_', 'database_url', 'A'.repeat(128), 'HOMEPAGE', 'PATH_TO', 'DOCKER']) {
    t.equal(nameProblem(name), undefined, name)
  }
  for (const name of ['', '1A', 'A-B', 'A B', 'A=B', 'A/B', '..', 'Ä', 'A\n', 'A'.repeat(129)]) {
    t.match(nameProblem(name), /letters, digits and _, no digit first, at most 128/, name)
  }
  for (const name of ['PATH', 'HOME', 'LD_PRELOAD', 'DOCKER_HOST', 'GODEBUG']) {
    t.match(nameProblem(name), /cannot be called .*, a variable of the docker command/, name)
  }
})

t.test('values are text of any kind that an environment variable holds', async (t) => {
  const cases: [value: string | number[], problem: RegExp | undefined][] = [
    ['x', undefined],
    ['a\nb\r\n"\'`$', undefined],
    ['秘密', undefined],
    ['x'.repeat(100), undefined],
    ['x'.repeat(101), /longer than 100 bytes/],
    ['秘'.repeat(34), /longer than 100 bytes/],
    ['', /empty/],
    ['a\0b', /NUL byte/],
    [[0xff, 0x41], /not text in UTF-8/],
  ]
  for (const [value, problem] of cases) {
    const found = valueProblem(Buffer.from(value as string), 100)
    if (problem === undefined) t.equal(found, undefined)
    else t.match(found, problem)
  }
})

t.test('the list has what is set and what is needed, by name', async (t) => {
  t.strictSame(listedSecrets(await store('Z', 'A').list(), ['M', 'A', 'M']), [
    { name: 'A', setAt, missing: false },
    { name: 'M', missing: true },
    { name: 'Z', setAt, missing: false },
  ])
})

t.test('while a needed secret is missing it is refused, with the command that sets it', async (t) => {
  await t.resolves(assertSecretsSet({ secrets: store('A', 'B'), needed: ['B'] }, 'shop'))
  await t.rejects(assertSecretsSet({ secrets: store('A'), needed: ['B', 'A', 'C'] }, 'shop'), {
    kind: 'refused',
    message: 'group shop has no value for service.secrets: B, C',
    hint: 'npm run secret -- set B --group shop\nnpm run secret -- set C --group shop',
  })
  const unasked = { ...store(), list: () => Promise.reject(new Error('asked')) }
  await t.resolves(assertSecretsSet({ secrets: unasked, needed: [] }, 'shop'), 'without any nobody is asked')
})
