import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import type { Image } from '../../lib/platform.ts'
import { foldersIn, type Home } from '../home.ts'
import { readStateFile, writeStateFile } from './state-file.ts'

/** Stored next to each image's disk. */
export interface ImageRecord extends Image {
  /** Hash of all inputs: same hash, same image. */
  readonly contentHash: string
  /** The base layer, a folder of `bases`. */
  readonly base: string
  /** Digests of the inputs, by name. */
  readonly digests: Readonly<Record<string, string>>
}

/** A base layer: a flat qcow2 disk and the kernel that boots it. */
export interface BaseFiles {
  readonly folder: string
  readonly disk: string
  readonly kernel: string
  readonly initrd: string
}

export function baseFiles(home: Home, base: string): BaseFiles {
  const folder = join(home.bases, base)
  return {
    folder,
    disk: join(folder, 'disk.qcow2'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
  }
}

/** Instances are thin disks over it. */
export function imageDisk(home: Home, id: string): string {
  return join(home.images, id, 'disk.qcow2')
}

/** Newest first. The unfinished folder of a killed bake does not count. */
export function listImages(home: Home): ImageRecord[] {
  return foldersIn(home.images)
    .filter((id) => existsSync(imageDisk(home, id)))
    .flatMap((id) => recordIn(join(home.images, id)) ?? [])
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
}

/** Skips an image whose record cannot be read: one damaged file must not hide the others. */
function recordIn(folder: string): ImageRecord | undefined {
  try {
    return readStateFile<ImageRecord>(join(folder, 'image.json'))?.value
  } catch {
    return undefined
  }
}

/** Throws when the image is gone. */
export function imageRecord(home: Home, id: string): ImageRecord {
  const record = listImages(home).find((image) => image.id === id)
  if (record === undefined) {
    throw new OperatorError('failed', `the image ${id} is not in ${home.images}`, { hint: 'npm run images' })
  }
  return record
}

/**
 * Turns a finished folder (with disk.qcow2) into an image: writes the record, then moves it into place with one rename.
 */
export async function addImage(home: Home, folder: string, record: ImageRecord): Promise<void> {
  await mkdir(home.images, { recursive: true, mode: 0o700 })
  await writeStateFile(join(folder, 'image.json'), record)
  await rename(folder, join(home.images, record.id))
}

export async function markVerified(home: Home, record: ImageRecord): Promise<ImageRecord> {
  const verified = { ...record, verified: true }
  await writeStateFile(join(home.images, record.id, 'image.json'), verified)
  return verified
}

/** Removes an image, first from the list, then from the disk, and base layers that it alone needed. */
export async function removeImage(home: Home, id: string): Promise<void> {
  await removeFolder(join(home.images, id))
  for (const base of unusedBases(home)) await removeBase(home, base)
}

export async function removeBase(home: Home, base: string): Promise<void> {
  await removeFolder(join(home.bases, base))
}

/** The base layers that `removeImage` would remove with these images; none for no images. */
export function basesOnlyOf(home: Home, imageIds: readonly string[]): string[] {
  return imageIds.length === 0 ? [] : unusedBases(home, imageIds)
}

/** Base layers that no image needs. The newest stays for the next release while there are images. */
export function unusedBases(home: Home, without: readonly string[] = []): string[] {
  const images = listImages(home).filter(({ id }) => !without.includes(id))
  const bases = foldersIn(home.bases).sort(byAge)
  const unused = bases.filter((base) => images.every((image) => image.base !== base))
  return images.length === 0 ? unused : unused.filter((base) => base !== bases.at(-1))
}

/** The newest base layer of a recipe; the folder name is the recipe's hash and the creation time. */
export function newestBase(home: Home, hash: string): string | undefined {
  return foldersIn(home.bases)
    .filter((base) => base.startsWith(`${hash}-`) && existsSync(baseFiles(home, base).disk))
    .sort(byAge)
    .at(-1)
}

/** Sorts names of base layers, oldest first. */
export function byAge(a: string, b: string): number {
  return (a.split('-')[1] ?? '').localeCompare(b.split('-')[1] ?? '')
}

/** Removes it from the list in one step, then from the disk; continues an interrupted removal. */
async function removeFolder(folder: string): Promise<void> {
  const gone = join(dirname(folder), `.${basename(folder)}.removed`)
  if (existsSync(folder)) await rename(folder, gone)
  await rm(gone, { recursive: true, force: true })
}
