typedef struct {
  int8_t layer_weights[8];
} demo_data_t;

TS_INLINE int32_t ts_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
TS_INLINE int32_t ts_max(int32_t a, int32_t b) { return a > b ? a : b; }
typedef char ts_shift_keeps_sign[(-1 >> 1) == -1 ? 1 : -1];
TS_INLINE int32_t ts_shr(int32_t a, int32_t by) { return a >> by; }

/* x: int8[4], y: float32[2], weights: int8[8] */
TS_FUNCTION void layer(
    const int8_t *restrict x,
    float *restrict y,
    const int8_t *restrict weights) {
  for (int32_t i = 0; i < 2; i++) {
    int32_t sum = 0;
    for (int32_t j = 0; j < 4; j++) {
      sum = ts_add(sum, (int32_t)x[j] * weights[i * 4 + j]);
    }
    const int32_t positive = ts_max(ts_shr(sum, 3), 0);
    y[i] = (float)positive * 0.1f + 1e-40f;
  }
}

  /* layer */
  layer(TS_AT(const int8_t, 0), TS_AT(float, 4), demo_data.layer_weights);
