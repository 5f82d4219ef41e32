module harbourlane.example/sensor-gateway

go 1.24
