import * as appends from './appends.mjs'
import * as misuse from './misuse.mjs'
import * as reads from './reads.mjs'
import { retry } from './retries.mjs'
import * as uploads from './uploads.mjs'

/** The most files of a client, which then deletes some before it does anything else. */
const filesMax = 50

/** What clients do, and how often: each by its share of all weights. */
const operations = [
  { name: 'base64', weight: 10, run: (client) => uploads.uploadBase64(client) },
  { name: 'base64, known bytes', weight: 6, run: uploads.uploadBase64Known },
  { name: 'presigned PUT', weight: 8, run: uploads.uploadPresigned },
  { name: 'Direct Upload', weight: 6, run: uploads.uploadDirect },
  { name: 'Ctxfy, public read', weight: 6, run: uploads.uploadPublic },
  { name: 'form', weight: 5, run: (client) => uploads.uploadForm(client) },
  { name: 'form of 6 MiB', weight: 1, run: uploads.uploadLargeForm },
  { name: '/v1/uploads', weight: 5, run: uploads.uploadSingle },
  { name: '/v1/uploads in parts', weight: 2, run: uploads.uploadInParts },
  { name: 'tus', weight: 5, run: appends.uploadByTus },
  { name: 'tus, of several parts', weight: 1, run: appends.uploadLargeByTus },
  { name: 'tus, under a grant', weight: 2, run: appends.uploadByTusUnderGrant },
  { name: 'tus, terminated', weight: 1, run: appends.terminateTus },
  { name: 'tus, abandoned', weight: 0.5, run: appends.abandonTus },
  { name: 'parts, aborted', weight: 1, run: misuse.abortParts },
  { name: 'parts, abandoned', weight: 0.3, run: misuse.abandonParts },
  { name: 'presigned, abandoned', weight: 0.5, run: misuse.abandonPresigned },
  { name: 'retries with a key', weight: 6, run: retry },
  { name: 'list by metadata', weight: 5, run: reads.listByMetadata },
  { name: 'list by resource', weight: 3, run: reads.listByResource },
  { name: 'get', weight: 10, run: (client) => reads.getFile(client) },
  { name: 'download', weight: 12, run: (client) => reads.download(client) },
  { name: 'content through Worker', weight: 6, run: reads.downloadThroughWorker },
  { name: 'Range', weight: 6, run: reads.readRange },
  { name: 'public read', weight: 6, run: reads.readPublic },
  { name: 'delete', weight: 10, run: (client) => reads.deleteFile(client) },
  { name: 'bad request', weight: 8, run: misuse.sendBadRequest },
  { name: 'PUT other than sealed', weight: 2, run: misuse.putOtherThanSealed },
  { name: 'wrong type', weight: 1, run: misuse.uploadWrongType },
  { name: 'PUT through an old URL', weight: 5, run: misuse.putAgain },
  { name: "another organization's", weight: 4, run: misuse.reachForAnothers },
]

let weights = 0
for (const operation of operations) {
  weights += operation.weight
  operation.upTo = weights
}
const named = (name) => operations.find((operation) => operation.name === name)

/** Every operation once; first those that make the files which the others need. */
export const everyOperation = [
  ...Array.from({ length: 4 }, () => named('base64')),
  ...operations.filter(({ name }) => name !== 'delete'),
  named('delete'),
]

export function nextOperation({ files, chance }) {
  // Reads and deletions need something to read and delete.
  if (files.size < 2) return named('base64')
  if (files.size >= filesMax) return named('delete')
  const at = chance.next() * weights
  return operations.find(({ upTo }) => at < upTo) ?? named('get')
}
