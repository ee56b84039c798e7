import { useState } from 'preact/hooks'
import { listGrants, type NewGrant, revokeGrant } from '../../api/grants'
import { Confirm } from '../../components/confirm'
import { Icon } from '../../components/icon'
import { Empty, Failure } from '../../components/notice'
import { Pager } from '../../components/pager'
import { useKeptFocus } from '../../hooks/use-kept-focus'
import { useLoad } from '../../hooks/use-load'
import { useStore } from '../../hooks/use-store'
import type { Member } from '../../session/session'
import { GrantLinks } from './grant-links'
import { type GrantRow, GrantTable } from './grant-table'
import { madeGrantsStore } from './made-grants'
import { NewGrantForm } from './new-grant'

/** Permissions to upload that were given away. */
export function Grants({ member }: { member: Member }) {
  const made = useStore(madeGrantsStore)
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  const cursor = cursors.at(-1) ?? null
  const { value, error, isLoading, reload } = useLoad(() => listGrants(member, cursor), [member, cursor])
  useKeptFocus(value)
  const [isMaking, setMaking] = useState(false)
  const [shown, setShown] = useState<NewGrant | null>(null)
  const [asked, setAsked] = useState<GrantRow | null>(null)

  const known = new Set(value?.grants.map(({ id }) => id))
  const unused = cursor === null ? made.filter(({ id }) => !known.has(id)) : []
  const rows: readonly GrantRow[] = value ? [...unused, ...value.grants] : []
  return (
    <section class="list" aria-label="Grants">
      <header class="list-head">
        <h2>Grants</h2>
        <button type="button" class="button primary" onClick={() => setMaking(true)}>
          <Icon name="plus" />
          New grant
        </button>
      </header>
      <Failure error={error} retry={reload} />
      {value && rows.length === 0 && (
        <Empty title="No grants yet">
          <p>
            A grant lets anyone who has its link upload so much, of such types, until then, and nothing else.
            Make one and send its link. It is listed once it is used.
          </p>
        </Empty>
      )}
      {rows.length > 0 && <GrantTable rows={rows} made={made} show={setShown} askToRevoke={setAsked} />}
      {value && (value.hasMore || cursors.length > 1) && (
        <Pager
          at={cursors.length - 1}
          hasNext={value.hasMore}
          isLoading={isLoading}
          summary={`Page ${cursors.length}`}
          go={(page) =>
            setCursors(page < cursors.length ? cursors.slice(0, page + 1) : [...cursors, value.nextCursor])
          }
        />
      )}
      {isMaking && (
        <NewGrantForm
          member={member}
          onMade={(grant) => {
            setMaking(false)
            setShown(grant)
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {shown && <GrantLinks grant={shown} onClose={() => setShown(null)} />}
      {asked && (
        <Confirm
          title="Revoke this grant?"
          verb="Revoke"
          onClose={() => setAsked(null)}
          act={async () => {
            await revokeGrant(member, asked.id)
            reload()
          }}
        >
          <p>Within 30 seconds its link takes no more uploads. Files that came by it stay.</p>
        </Confirm>
      )}
    </section>
  )
}
