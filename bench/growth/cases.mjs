import { base64Bodies } from '../lib/bodies.mjs'
import { answersTo, putObjects } from '../lib/gateway-requests.mjs'
import { cursorAt, idOf } from './seed.mjs'

/**
 * The requests whose cost must not grow with the files of the organization: `make(of, size)` answers what makes the next
 * request to the gateway that has `size` files, from what `prepare(gateway, of, count)` answered if there is that.
 */
export function growthCases() {
  const next = base64Bodies(1024)
  const page = (filter, share) => ({
    make: (of, size) => () => of.page(filter, share && cursorAt(Math.floor(size * share))),
  })
  const cuadra = (query) => ({ make: (of) => () => of.cuadraPage(query) })
  return {
    get: { make: (of, size) => () => of.get(idOf(Math.floor(Math.random() * size))) },
    'count: the organization with its usage': { make: (of) => () => of.organization() },
    'list 50': page(),
    'list 50, in the middle': page(null, 0.5),
    'list 50, near the end': page(null, 0.06),
    'filter: a fifth of the files': page({ color: 'red' }),
    'filter: a fifth, in the middle': page({ color: 'red' }, 0.5),
    'filter: ten files': page({ rare: 'r7' }),
    'filter: half and a fifth': page({ half: true, color: 'red' }),
    'filter: half and ten': page({ half: true, rare: 'r8' }),
    'filter: an array has it': page({ tags: 't7' }),
    'filter: no file has it': page({ color: 'violet' }),
    'filter: half, and no file': page({ half: true, color: 'violet' }),
    'filter: two halves with no file in common': page({ left: true, right: true }),
    'list of Cuadra': cuadra(''),
    'list of a resource': cuadra('resourceType=chat&resourceId=chat_7'),
    'list of a type of resource': cuadra('resourceType=chat'),
    'list of a type, with a status no file has': cuadra('resourceType=chat&statusFilter=failed'),
    'list of a status no file has': cuadra('statusFilter=failed'),
    'list with associations': cuadra('expand[]=associations'),
    'sweep with nothing to do': { make: () => () => ({ path: '/cdn-cgi/local/scheduled' }) },
    // The last ones leave pending uploads, among which lists look.
    presign: { make: (of) => of.presign },
    'complete, 1 KiB': {
      make: (of) => of.complete,
      prepare: async (gateway, of, count) => {
        const told = await answersTo(gateway, count, of.presignText)
        await putObjects(
          gateway,
          told.map(({ url }) => url),
        )
        return told.map(({ id }) => id)
      },
    },
    'base64 1 KiB': { make: (of) => () => of.upload(next()) },
    delete: {
      make: (of) => of.delete,
      prepare: async (gateway, of, count) =>
        (await answersTo(gateway, count, () => of.upload(next()))).map(({ fileId }) => fileId),
    },
  }
}
