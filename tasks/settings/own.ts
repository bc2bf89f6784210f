import { extname, join } from 'node:path'

/** The folder of bakeroll itself: its roles, templates and version. */
export const ownFolder = join(import.meta.dirname, '../..')

/** The extension of sources. Node strips types in a clone but not below node_modules, so the package contains `.js` files. */
export const sourceSuffix = extname(import.meta.filename)

/** Whether this is the npm package, which works on a user's project. A clone is its own project. */
export const isInstalled = sourceSuffix === '.js'
