/**
 * Kills a process that works on a store at random moments and checks after each that everything
 * acknowledged is there and intact, and that no job stays running.
 *
 *   npm run soak -- store [KILLS] [SEED]     50 kills take a minute
 */
import { killAgain } from "../store/kill.ts";

const [kills = "50", seed = "1"] = process.argv.slice(2);
const figures = await killAgain(Number(kills), Number(seed), (soFar) => {
  console.error(`kill ${soFar.kills}: ${soFar.acknowledged} acknowledged, all there`);
});
console.log(JSON.stringify(figures, null, 2));
