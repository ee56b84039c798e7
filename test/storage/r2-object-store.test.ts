import { env } from 'cloudflare:workers'
import { createR2ObjectStore } from '../../src/storage/r2/r2-object-store'
import { describeObjectStore } from './object-store-contract'

describeObjectStore('the R2 binding', () => createR2ObjectStore(env.BUCKET))
