import t from 'tap'
import { recipeFor } from './recipe.ts'

const source = { suite: 'bookworm', diskGib: 4, packages: ['sudo', 'curl'] }

t.test('the same input is the same image', async (t) => {
  const recipe = await recipeFor('1.4.0', source)
  t.match(recipe, { release: '1.4.0', base: /^[0-9a-f]{12}$/, content: /^[0-9a-f]{12}$/ })
  t.strictSame(Object.keys(recipe.digests).sort(), ['ansible', 'bundle', 'packer', 'runtime', 'serviceRole'])
  t.strictSame(await recipeFor('1.4.0', { ...source, packages: [...source.packages] }), recipe)
})

t.test('what changes which layer', async (t) => {
  const { base, content } = await recipeFor('1.4.0', source)
  const release = await recipeFor('1.4.1', source)
  t.equal(release.base, base, 'another release stands on the same base layer')
  t.not(release.content, content)
  for (const [name, change] of Object.entries({
    suite: { suite: 'trixie' },
    diskGib: { diskGib: 5 },
    packages: { packages: ['sudo'] },
  })) {
    const other = await recipeFor('1.4.0', { ...source, ...change })
    t.not(other.base, base, name)
    t.not(other.content, content, `${name}: and so all that stands on it`)
  }
})
