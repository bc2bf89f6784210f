import { extname, join } from 'node:path'

/** The folder of bakeroll itself: its roles, templates and version. */
export const ownFolder = join(import.meta.dirname, '../..')

/** What a source ends with. Node strips types in a clone and refuses to below node_modules, so the package holds `.js` files. */
export const sourceSuffix = extname(import.meta.filename)

/** Whether this is the package from npm, which works on a project of the user's. A clone is its own project. */
export const isInstalled = sourceSuffix === '.js'
