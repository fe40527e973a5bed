// A data module: the Gateway API custom resource definitions (config/crd); see keep.go.
module serlo.org/infrastructure/toolchain/gateway-api

go 1.26.0

require sigs.k8s.io/gateway-api v1.5.0
