/** Machine code of generated functions in bytes, and their frames; by scripts/measure-code.mjs. */
export const CODE_TABLE: {
  /** Fingerprint, then bytes of code and of stack. */
  readonly functions: readonly (readonly [string, readonly [number, number]])[];
  /** Bytes for each count of `countsOf`, for functions that are not in the table. */
  readonly perCount: readonly number[];
  /** Bytes of the interface for each count of `callCountsOf`. */
  readonly perCall: readonly number[];
  readonly runStack: number;
} = {
  functions: [
    ["biquad_filter:081dcbb160fafd50",[200,16]],
    ["biquad_filter:5246fb76911eead6",[271,40]],
    ["biquad_filter:64d6b1cabe453c30",[248,32]],
    ["biquad_filter:8129f13e38cd0bf9",[344,56]],
    ["biquad_filter:f3f9bb73aac31684",[120,0]],
    ["conv1d_int8:27bcfca9a6dbab0b",[164,56]],
    ["conv1d_int8:4455da2eca235835",[152,56]],
    ["conv1d_int8:49cd457dec1b7aa3",[176,64]],
    ["conv1d_int8:5b9a25b04c3312cc",[149,56]],
    ["conv1d_int8:6dcab697168bc11d",[276,80]],
    ["conv1d_int8:6e54624b99ee4f87",[296,88]],
    ["conv1d_int8:73333de525595dfe",[288,80]],
    ["conv1d_int8:7ceac88799932663",[162,64]],
    ["conv1d_int8:8f6e0d007124bf74",[292,80]],
    ["conv1d_int8:ca8efd814787d852",[296,80]],
    ["conv1d_int8:f26d8119136f3608",[300,88]],
    ["dense_int8:17ea648c83c3bf43",[109,36]],
    ["dense_int8:29869436308bbdea",[112,32]],
    ["dense_int8:33f6c6456f2be4e6",[125,36]],
    ["dense_int8:6190b49adf1098ad",[132,36]],
    ["dense_int8:61f23fd6871f7635",[112,32]],
    ["dense_int8:bb2a2bcc5d64465f",[111,36]],
    ["dense_int8:ed68d7d66f17934b",[108,32]],
    ["dequantize:7334e854d3539bef",[41,0]],
    ["flatten_statistics:5cc2c1765a42927a",[329,0]],
    ["flatten_statistics:76fb269b464833d5",[296,0]],
    ["k_means_score:125b9764d6dc172a",[140,12]],
    ["k_means_score:7350e56cf4197f92",[180,12]],
    ["log10:231267622f58b445",[480,0]],
    ["max_pool1d_int8:76f391bd96ad1bd3",[100,32]],
    ["max_pool1d_int8:806bb2ae0b130f07",[70,20]],
    ["max_pool1d_int8:ac52212f6399a437",[56,12]],
    ["max_pool1d_int8:d3619ddcd1c485f3",[112,32]],
    ["quantize:43a89a0f3add5dc5",[127,0]],
    ["raw_features:99a4e8408227904a",[16,0]],
    ["raw_features:d86b153d254de97f",[4,0]],
    ["raw_features:e5d191cac1b717c1",[24,0]],
    ["scale:e5d191cac1b717c1",[24,0]],
    ["softmax_int8:a95c221fa7be4963",[528,64]],
    ["softmax_int8:d21eca617216517c",[521,64]],
    ["spectral_features:1036aa2a72e909f5",[1024,64]],
    ["spectral_features:657e7a2c932c4759",[1069,104]],
    ["spectral_features:740600db6a5f07a9",[1024,64]],
    ["spectral_features:8713b215303563d4",[1060,104]],
    ["spectral_features:e2e22751979850e0",[1092,88]],
    ["spectral_features:eec283244abd34ef",[1052,96]],
    ["standardize_quantize:0d734a32c912df6c",[150,4]],
    ["standardize_quantize:f39da500696e6b80",[160,4]],
  ],
  perCount: [0,0,21.3,0,0,5.93,3.87,4.16,86.76,5.47,6.22],
  perCall: [131.26,3.88,4.45,4.74,0.38,0],
  runStack: 44,
};
