import bare from '../speed/bare-worker.mjs'
import { withoutStore } from './without-store'

export default withoutStore(bare)
