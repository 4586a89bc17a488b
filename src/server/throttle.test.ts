import assert from "node:assert/strict";
import { test } from "node:test";
import { throttle } from "./throttle.ts";

test("throttle() passes the first at once, then the latest of each interval", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const heard: number[] = [];
  const tell = throttle(100, (value: number) => heard.push(value));
  for (const value of [1, 2, 3]) tell(value);
  assert.deepEqual(heard, [1]);
  t.mock.timers.tick(100);
  assert.deepEqual(heard, [1, 3]);
  t.mock.timers.tick(1000);
  tell(4);
  assert.deepEqual(heard, [1, 3, 4]);
});

test("throttle() passes what is urgent at once, after what waits", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const heard: number[] = [];
  const tell = throttle(100, (value: number) => heard.push(value));
  tell(1);
  tell(2);
  tell(3, true);
  assert.deepEqual(heard, [1, 2, 3]);
  tell(4);
  tell.flush();
  tell.flush();
  assert.deepEqual(heard, [1, 2, 3, 4]);
});
