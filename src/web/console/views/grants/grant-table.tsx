import type { Grant, NewGrant } from '../../api/grants'
import { Icon } from '../../components/icon'
import { Time } from '../../components/time'
import { formatBytes } from '../../words/format'

/** A grant as it is listed, or as it was made on this page and not listed yet. */
export type GrantRow = NewGrant | Grant

type Props = {
  rows: readonly GrantRow[]
  /** Those whose links this page knows. */
  made: readonly NewGrant[]
  show(grant: NewGrant): void
  askToRevoke(grant: GrantRow): void
}

/** Grants with their use, one a row. */
export function GrantTable({ rows, made, show, askToRevoke }: Props) {
  return (
    <table>
      <caption class="hidden">Grants, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Grant</th>
          <th scope="col">Used</th>
          <th scope="col">State</th>
          <th scope="col">
            <span class="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((grant) => {
          const withLink = made.find(({ id }) => id === grant.id)
          return (
            <tr key={grant.id}>
              <th scope="row">
                <span class="name">
                  <span>{grant.maxBytes === null ? 'Revoked before any use' : typesOf(grant)}</span>
                  <span class="type mono wide">{grant.id}</span>
                </span>
              </th>
              <td>
                <Use grant={grant} />
              </td>
              <td>
                <State grant={grant} />
              </td>
              <td>
                <div class="row-actions">
                  {withLink && !isOver(grant) && (
                    <button type="button" class="button" onClick={() => show(withLink)}>
                      <Icon name="link" />
                      Link<span class="hidden"> of {grant.id}</span>
                    </button>
                  )}
                  {!isOver(grant) && (
                    <button type="button" class="button danger" onClick={() => askToRevoke(grant)}>
                      Revoke<span class="hidden"> {grant.id}</span>
                    </button>
                  )}
                </div>
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function Use({ grant }: { grant: GrantRow }) {
  const { filesUsed, bytesUsed } = 'filesUsed' in grant ? grant : { filesUsed: 0, bytesUsed: 0 }
  const { maxFiles, maxBytes } = grant
  if (maxBytes === null) return <span class="none">never</span>
  return (
    <>
      {filesUsed} of {maxFiles} {maxFiles === 1 ? 'file' : 'files'}
      <span class="reason">
        {formatBytes(bytesUsed)} of {formatBytes(maxBytes)}
      </span>
    </>
  )
}

function State({ grant }: { grant: GrantRow }) {
  if (revokedAt(grant) !== null) return <span class="badge error">Revoked</span>
  return (
    <>
      <span class={isOver(grant) ? 'badge failed' : 'badge ready'}>
        {isOver(grant) ? 'Expired' : 'Works, expires'}
      </span>{' '}
      {grant.expiresAt && <Time at={grant.expiresAt} />}
    </>
  )
}

function typesOf({ contentTypes }: GrantRow): string {
  return contentTypes === null ? 'Any type' : contentTypes.join(', ')
}

function revokedAt(grant: GrantRow): string | null {
  return 'revokedAt' in grant ? grant.revokedAt : null
}

function isOver(grant: GrantRow): boolean {
  const { expiresAt } = grant
  return revokedAt(grant) !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now())
}
