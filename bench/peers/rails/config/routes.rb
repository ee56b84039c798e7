Rails.application.routes.draw do
  get '/up', to: proc { [200, { 'Content-Type' => 'text/plain' }, ['ok']] }
end
