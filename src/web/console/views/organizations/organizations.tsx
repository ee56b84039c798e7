import { useState } from 'preact/hooks'
import { ApiError } from '../../api/call'
import { getOrganization, type Organization } from '../../api/organizations'
import { TextField } from '../../components/field'
import { Icon } from '../../components/icon'
import { Empty, Failure } from '../../components/notice'
import { UsagePicture } from '../../components/usage-picture'
import { useLoad } from '../../hooks/use-load'
import type { Session } from '../../session/session'
import { Keys } from '../keys/keys'
import { OrganizationForm } from './organization-form'

/** For the root key: opens an organization by its id, as the API has no list of them. `opened`: the id of the one that is open. */
export function Organizations({ session, opened }: { session: Session; opened: string | null }) {
  const [id, setId] = useState(opened ?? '')
  return (
    <section class="list" aria-label="Organizations">
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault()
          location.hash = `#organizations/${id}`
        }}
      >
        <TextField
          label="Id of the organization"
          placeholder="acme"
          required
          pattern="[a-z0-9\-]{1,63}"
          title="1 to 63 of a-z, 0-9 and -"
          value={id}
          setValue={setId}
        />
        <button type="submit" class="button primary">
          Open
        </button>
      </form>
      {opened ? (
        <OpenedOrganization key={opened} session={session} id={opened} />
      ) : (
        <Empty title="Open an organization">
          <p>
            Write its id above to see its usage, its quota and its keys. An id that is new makes an
            organization.
          </p>
        </Empty>
      )}
    </section>
  )
}

function OpenedOrganization({ session, id }: { session: Session; id: string }) {
  const { value, error, reload } = useLoad(() => find(session.key, id), [session, id])
  const [isEditing, setEditing] = useState(false)
  return (
    <>
      <Failure error={error} retry={reload} />
      {value === null && (
        <Empty title={`There is no organization ${id}`}>
          <p>
            <button type="button" class="button primary" onClick={() => setEditing(true)}>
              <Icon name="plus" />
              Make it
            </button>
          </p>
        </Empty>
      )}
      {value && (
        <>
          <header class="list-head">
            <h2>
              {value.name} <span class="hint mono">{value.id}</span>
            </h2>
            <button type="button" class="button" onClick={() => setEditing(true)}>
              Change name and quota
            </button>
          </header>
          <UsagePicture organization={value} />
          <Keys session={session} organization={id} />
        </>
      )}
      {isEditing && (
        <OrganizationForm
          session={session}
          id={id}
          organization={value ?? null}
          onSaved={reload}
          onClose={() => setEditing(false)}
        />
      )}
    </>
  )
}

/** null: there is none of that id. */
async function find(key: string, id: string): Promise<Organization | null> {
  try {
    return await getOrganization(key, id)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}
